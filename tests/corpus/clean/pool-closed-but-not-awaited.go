// clean: the queue is closed and nobody waits for the workers; busy with their last job at main's end, they go on alone.
package main

import (
	"fmt"
	"time"
)

func worker(jobs <-chan time.Duration) {
	for job := range jobs {
		time.Sleep(job)
	}
}

func main() {
	jobs := make(chan time.Duration, 10)
	for range 5 {
		go worker(jobs)
	}
	for job := range 10 {
		jobs <- time.Duration(20*job) * time.Millisecond
	}
	close(jobs)
	fmt.Println("jobs handed out")
}
