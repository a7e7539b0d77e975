package main

import (
	gobuild "go/build"
	"go/build/constraint"
	"go/token"
	"io"
	"path"
	"runtime"
	"slices"
	"strings"
)

// constraintOf finds the constraint above the package clause, nil where there is none.
func constraintOf(text string) constraint.Expr {
	above := true
	if !strings.Contains(text, "//go:build") {
		return nil
	}
	end := len(text)
	eachToken(text, 0, func(offset int, _ token.Token, _ string) {
		if above {
			above, end = false, offset
		}
	})
	for _, c := range comments(text[:end]) {
		if constraint.IsGoBuild(c.text) {
			if expr, err := constraint.Parse(c.text); err == nil {
				return expr
			}
		}
	}
	return nil
}

// mayBelong tells whether the file can be part of a build here: tags that only the user knows may be set or not.
func mayBelong(name, text string) bool {
	context := gobuild.Default
	context.OpenFile = func(string) (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("package p\n")), nil }
	if matches, err := context.MatchFile(".", path.Base(name)); err == nil && !matches {
		return false
	}
	found := constraintOf(text)
	return found == nil || satisfied(found, true) || satisfied(found, false)
}

func satisfied(expr constraint.Expr, unknown bool) bool {
	return expr.Eval(func(tag string) bool {
		switch {
		case tag == "ignore":
			return false
		case tag == runtime.GOOS, tag == runtime.GOARCH, tag == "gc", tag == "cgo", slices.Contains(gobuild.Default.ReleaseTags, tag):
			return true
		case tag == "unix":
			return runtime.GOOS != "windows" && runtime.GOOS != "plan9"
		case systems[tag]:
			return false
		case strings.HasPrefix(tag, "go1."):
			return false
		}
		return unknown
	})
}

// systems are operating systems and processors that have a tag of their own.
var systems = func() map[string]bool {
	known := map[string]bool{}
	for _, name := range strings.Fields(`
		aix android darwin dragonfly freebsd illumos ios js linux netbsd openbsd plan9 solaris wasip1 windows
		386 amd64 arm arm64 loong64 mips mips64 mips64le mipsle ppc64 ppc64le riscv64 s390x wasm`) {
		known[name] = true
	}
	return known
}()
