// deterministic: the program's own settings of the runtime read as it has set them.
// options: {"gomaxprocs": 3}
package main

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

func main() {
	fmt.Println(runtime.GOMAXPROCS(0))
	fmt.Println(debug.SetGCPercent(50))
	fmt.Println(debug.SetGCPercent(200))
	fmt.Println(runtime.GOMAXPROCS(2), runtime.GOMAXPROCS(0))
	info, ok := debug.ReadBuildInfo()
	fmt.Println(ok, info.Main.Version == "" || info.Main.Version == "(devel)")
}
