"""Go programs for a notebook's cells, each with something that a page must cope with."""

from __future__ import annotations

import json
from pathlib import Path

LESSON = Path(__file__).resolve().parents[2] / "notebooks" / "01-abandoned-receivers.ipynb"


def lesson(options: str = "") -> str:
    """The cell of the first lesson, with these options."""
    cells = ("".join(cell["source"]) for cell in json.loads(LESSON.read_text(encoding="utf-8"))["cells"])
    program = next(cell for cell in cells if cell.startswith("%%goleak")).partition("\n")[2]
    return f"%%goleak {options}\n{program}"


CROWD = """%%goleak
package main

import "time"

func main() {
	updates := make(chan int)
	for n := range 10_000 {
		go subscriber(updates)
		if n%100 == 0 {
			time.Sleep(10 * time.Millisecond)
		}
	}
	// close(updates)
	time.Sleep(300 * time.Millisecond)
}

func subscriber(updates <-chan int) {
	for range updates {
	}
}
"""

DEADLOCK = """%%goleak --no-fix
package main

import (
	"fmt"
	"sync"
	"time"
)

type account struct {
	sync.Mutex
	balance int
}

func main() {
	savings, current := &account{balance: 100}, &account{balance: 50}
	var both sync.WaitGroup
	both.Add(2)
	go transfer(savings, current, &both)
	go transfer(current, savings, &both)
	both.Wait()
	fmt.Println("transferred")
}

func transfer(from, to *account, both *sync.WaitGroup) {
	defer both.Done()
	from.Lock()
	defer from.Unlock()
	time.Sleep(300 * time.Millisecond)
	to.Lock()
	defer to.Unlock()
	from.balance, to.balance = from.balance-10, to.balance+10
}
"""

BROKEN = """%%goleak
package main

import "fmt"

func main() {
	queue := make(chan string)
	go func() {
		for letter := range queue {
			fmt.Println("delivered", leter)
		}
	}()
	queue <- "a letter"
}
"""

HOSTILE = """%%goleak --no-fix
package main

import (
	"fmt"
	"strings"
)

func main() {
	fmt.Println("<script>window.pwned = 1</script><img src=x onerror='window.pwned = 2'></style></pre>")
	fmt.Println("\\x1b[31mred\\x1b[0m and plain \\a\\x1b]0;title\\a\\x00 \\u202Edesrever\\u202C \\u200F")
	fmt.Println(strings.Repeat("long ", 200_000))
	fmt.Println("the last line")
}
"""
