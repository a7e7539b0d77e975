// deterministic: a panic in main, after a deferred call and with a traceback.
// verdict: "crash"
// exit_code: 2
package main

import "fmt"

func main() {
	defer fmt.Println("deferred call runs")
	panic("the bridge is out")
}
