// clean: a listener pulls songs from a radio that pauses between them; the pause is long, and then the music goes on.
// options: {"settle": 0.3}
// said: ["what is still at work may yet wake it"]
package main

import (
	"fmt"
	"iter"
	"time"
)

func radio(songs ...string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, song := range songs {
			if !yield(song) {
				return
			}
			time.Sleep(time.Hour)
		}
	}
}

func listen(songs iter.Seq[string]) {
	next, stop := iter.Pull(songs)
	defer stop()
	for song, ok := next(); ok; song, ok = next() {
		fmt.Println("now playing", song)
	}
}

func main() {
	go listen(radio("blue train", "so what"))
	time.Sleep(20 * time.Millisecond)
	fmt.Println("and now the news")
}
