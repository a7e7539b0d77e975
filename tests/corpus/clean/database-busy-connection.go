// clean: the library's catalogue has one connection; a long search has it, and two readers wait for their turn in database/sql.
// options: {"settle": 0.3}
// said: ["2 goroutines wait in `_, err := db.Exec(\"search \" + title)` (line 30): what is still at work may yet wake it"]
package main

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"
)

// catalogue is a database that takes an hour for every statement.
type catalogue struct{}

func (c catalogue) Connect(context.Context) (driver.Conn, error) { return c, nil }
func (c catalogue) Driver() driver.Driver                        { return nil }
func (c catalogue) Prepare(string) (driver.Stmt, error)          { return nil, errors.ErrUnsupported }
func (c catalogue) Begin() (driver.Tx, error)                    { return nil, errors.ErrUnsupported }
func (c catalogue) Close() error                                 { return nil }

func (c catalogue) ExecContext(context.Context, string, []driver.NamedValue) (driver.Result, error) {
	time.Sleep(time.Hour)
	return driver.RowsAffected(1), nil
}

func search(db *sql.DB, title string) {
	if _, err := db.Exec("search " + title); err == nil {
		fmt.Println("found", title)
	}
}

func main() {
	db := sql.OpenDB(catalogue{})
	db.SetMaxOpenConns(1)
	for _, title := range []string{"Emma", "Ulysses", "Momo"} {
		go search(db, title)
	}
	time.Sleep(50 * time.Millisecond)
	fmt.Println("searching")
}
