"""The Go helper: which context a goroutine waits for, and who cancels it."""

from __future__ import annotations

import pytest

from jupyter_goleak.rewriting import Rewriter
from tests.integration.questions import ask, subject

pytestmark = pytest.mark.toolchain


def test_contexts_and_who_cancels_them(rewriter: Rewriter) -> None:
    text = "ctx, cancel := context.WithTimeout(context.Background(), time.Hour)\ngo func() {\n\tselect {\n\tcase <-ctx.Done():\n\tcase <-time.After(time.Hour):\n\t}\n}()\n_ = cancel\n"
    facts = ask(rewriter, text, "select", 3)
    done, after = (facts.variables[case.variable or 0] for case in facts.places[0].cases)
    assert (done.via, done.name) == ("Done", "ctx.Done()")
    context = facts.variables[done.owner or 0]
    assert context.cancel is not None
    assert facts.variables[context.cancel].sites("call") == ()
    assert [facts.variables[i].name for i in context.parents] == ["context.Background()"]
    assert after.sites("make")[0].text == "time.After(time.Hour)"


# Each watches a context that was made anew under the name of its parent, but for the last two, where either may be meant.
RENEWED = {
    "a parameter": ("func watch(ctx context.Context) context.CancelFunc {\n\tctx, cancel := context.WithCancel(ctx)\n\tgo func() {\n\t\t<-ctx.Done()\n\t}()\n\treturn cancel\n}\n\nwatch(context.Background())()\n", 4, [2]),
    "its cancel in a field": ("type poller struct{ end context.CancelFunc }\n\nfunc (p *poller) watch(ctx context.Context) {\n\tctx, p.end = context.WithCancel(ctx)\n\tgo func() {\n\t\t<-ctx.Done()\n\t}()\n}\n\np := &poller{}\np.watch(context.Background())\np.end()\n", 6, [4]),
    "handed on": ("func wait(ctx context.Context) {\n\t<-ctx.Done()\n}\n\nfunc watch(ctx context.Context) {\n\tctx, cancel := context.WithCancel(ctx)\n\tdefer cancel()\n\tgo wait(ctx)\n}\n\nwatch(context.Background())\n", 2, [6]),
    "twice": ("func watch(ctx context.Context) {\n\tctx, one := context.WithCancel(ctx)\n\tctx, two := context.WithCancel(ctx)\n\tdefer one()\n\tdefer two()\n\t<-ctx.Done()\n}\n\nwatch(context.Background())\n", 6, [3]),
    "in a branch": ("func watch(ctx context.Context, own bool) {\n\tif own {\n\t\tctx, _ = context.WithCancel(ctx)\n\t}\n\t<-ctx.Done()\n}\n\nwatch(context.Background(), false)\n", 5, [3, 8]),
    "seen by what stands above": ("func watch(ctx context.Context) {\n\twait := func() {\n\t\t<-ctx.Done()\n\t}\n\tctx, _ = context.WithCancel(ctx)\n\twait()\n}\n\nwatch(context.Background())\n", 3, [5, 9]),
}  # fmt: skip


@pytest.mark.parametrize("name", RENEWED)
def test_a_variable_holds_what_it_was_given_last(rewriter: Rewriter, name: str) -> None:
    text, line, made = RENEWED[name]
    facts = ask(rewriter, text, "chan receive", line)
    place = facts.places[0]
    meant = [facts.variables[i] for i in (place.variable, *place.others, *place.ended) if i is not None]
    contexts = [facts.variables[each.owner] for each in meant if each.owner is not None]
    assert sorted(site.line for context in contexts for site in context.sites("make")) == made


CANCELS = {
    "beside a literal": ("all := []func(){func() {}, cancel}\nall[1]()\n", "call"),
    "in place of a literal": ("end := func() {}\nend = cancel\nend()\n", "call"),
    "called by a library": ("f := func() {}\nf = cancel\ntime.AfterFunc(1, f)\n", "call"),
    "kept by a library": ("var m sync.Map\nm.Store(1, cancel)\n", "passed"),
}


@pytest.mark.parametrize("name", CANCELS)
def test_a_cancel_among_other_functions(rewriter: Rewriter, name: str) -> None:
    text, kind = CANCELS[name]
    head = "ctx, cancel := context.WithCancel(context.Background())\n"
    facts = ask(rewriter, f"{head}{text}<-ctx.Done()\n", "chan receive", 2 + text.count("\n"))
    owner = subject(facts).owner
    assert owner is not None
    index = facts.variables[owner].cancel
    assert index is not None
    cancel = facts.variables[index]
    assert [each.kind for each in cancel.operations if each.kind in ("call", "passed")] == [kind]
    assert cancel.unknown is (kind == "passed")
