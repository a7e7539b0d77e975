"""Patterns of goroutines that wait inside of a library: for a peer of a body, pipe or connection, or for who knows what."""

from __future__ import annotations

from itertools import takewhile

from jupyter_goleak.patterns.wait import Finding, Wait
from jupyter_goleak.stack_dump import short_function

_PIPE = ("io.(*pipe).", "io.(*PipeReader).", "io.(*PipeWriter).")
_NET_PIPE = "net.(*pipe)."
_REQUEST = ("net/http.(*persistConn).roundTrip", "net/http.(*Transport).getConn")


def _functions(wait: Wait) -> list[str]:
    return [frame.function for frame in wait.leak.stack]


def http_request(wait: Wait) -> Finding | None:
    """A request of the HTTP client that waits for its answer."""
    if not any(function.startswith(_REQUEST) for function in _functions(wait)):
        return None
    advice = wait.say("A `Timeout` of the client, or a context with a deadline for the request, ends it.")
    return Finding("http-no-answer", wait.say("no answer to its request has come"), advice)


def http_body(wait: Wait) -> Finding | None:
    """A connection of the HTTP client: idle, under way, or with a response whose body was never closed."""
    if not wait.leak.stack or not wait.leak.stack[-1].function.startswith("net/http.(*persistConn)."):
        return None
    busy = [function for other in wait.others for function in _functions(other) if function.startswith(_REQUEST)]
    if wait.leak.evidence == "alive" and busy:
        return Finding("http-no-answer", wait.say("a connection of the HTTP client, on which an answer is awaited"))
    reading = [other for other in (wait, *wait.others) if other.leak.stack and _reads_body(other)]
    if wait.leak.evidence == "alive" and not reading:
        return Finding("http-keep-alive", wait.say("an idle connection of the HTTP client's pool"))
    bodies = [variable for variable in wait.facts.variables if variable.kind == "response"]
    where = wait.say(" (line {line})", line=wait.line(bodies[0])) if len(bodies) == 1 and bodies[0].line else ""
    why = wait.say("it serves a response whose body was neither read to its end nor closed{where}", where=where)
    return Finding(
        "http-body-unclosed", why, wait.say("`defer resp.Body.Close()` after the check of the error ends it.")
    )


def _reads_body(wait: Wait) -> bool:
    """A reading half that waits for somebody to read or close a body."""
    return wait.leak.stack[-1].function == "net/http.(*persistConn).readLoop" and wait.leak.state == "select"


def pipe(wait: Wait) -> Finding | None:
    """An end of a pipe whose other end was never closed."""
    functions = _functions(wait)
    in_memory = any(function.startswith(_PIPE) for function in functions)
    connection = any(function.startswith(_NET_PIPE) for function in functions)
    if not in_memory and not connection:
        return None
    reading = any(".read" in function.lower() for function in functions[:3])
    if connection:
        why = (
            wait.say("nothing more comes from the other end of the connection, and nobody closes it")
            if reading
            else wait.say("nobody reads at the other end of the connection")
        )
        return Finding("unclosed-connection", why, wait.say("`defer conn.Close()` at both ends."))
    why = (
        wait.say("nothing more is written to the pipe, and nobody closes its writer")
        if reading
        else wait.say("nobody reads the rest, and nobody closes the pipe's reader")
    )
    return Finding("unclosed-pipe", why, wait.say("Close the other end when it is done: `CloseWithError` tells why."))


def waits_for_io(wait: Wait) -> Finding | None:
    """It waits for a file, a socket or a process: never a leak by proof, but it says what is open."""
    if wait.leak.state != "IO wait":
        return None
    functions = _functions(wait)
    kinds = {
        "net.(*TCPListener)": (wait.say("it waits for a connection: the listener is open"), "listening"),
        "net.(*UnixListener)": (wait.say("it waits for a connection: the listener is open"), "listening"),
        "net.(*conn).Read": (wait.say("it waits for data: the connection is open"), "unclosed-connection"),
        "net.(*conn).Write": (wait.say("nobody reads at the other end of the connection"), "unclosed-connection"),
        "os.(*File).Read": (wait.say("it waits for data: the file or pipe is open"), "unclosed-pipe"),
    }
    for prefix, (why, pattern) in kinds.items():
        if any(function.startswith(prefix) for function in functions):
            return Finding(pattern, why, wait.say("Closing it ends the wait."))
    return Finding("waiting-for-io", wait.say("it waits for input or output"))


def inside_library(wait: Wait) -> Finding | None:
    """It called a function of a library, which waits; all that is known is which one."""
    inner = list(takewhile(lambda frame: not frame.user, wait.leak.stack))
    if not wait.place.found or not inner or wait.leak.evidence == "alive":
        return None
    function, state = short_function(inner[-1].function), wait.leak.state
    if wait.leak.evidence == "proven":
        why = wait.say("`{function}` waits there ({state}), and nothing can wake it", function=function, state=state)
    else:
        why = wait.say("`{function}` waits there ({state}), and nothing has woken it", function=function, state=state)
    return Finding("unknown", why)
