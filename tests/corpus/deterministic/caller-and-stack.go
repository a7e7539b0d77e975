// deterministic: the program asks the runtime for its own lines, which must be those of its text.
package main

import (
	"fmt"
	"path/filepath"
	"runtime"
)

func where() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprint(filepath.Base(file), ":", line)
}

func main() {
	fmt.Println(where())
	fmt.Println(runtime.NumGoroutine(), where())
	func() {
		fmt.Println(where())
	}()
	counter, _, _, _ := runtime.Caller(0)
	fmt.Println(runtime.FuncForPC(counter).Name())
}
