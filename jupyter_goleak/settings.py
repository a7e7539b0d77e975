"""What `%config GoLeak` shows and sets, and what `c.GoLeak.…` in a configuration file means.

Each option that the table calls configurable is a setting of the same name, read the same way, and stands in for the
option where a cell does not give it.
"""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any

from traitlets import Bool, HasTraits, TraitError, TraitType, Unicode
from traitlets.config import Configurable

from jupyter_goleak.errors import UsageError
from jupyter_goleak.options import Option, options_for


class _OptionTrait(TraitType[Any, Any]):
    """Takes what the option takes; None leaves the choice to the option's own default."""

    def __init__(self, option: Option, parse: Callable[[str], Any]) -> None:
        super().__init__(None, allow_none=True, help=option.help)
        self._parse = parse

    def validate(self, obj: HasTraits, value: Any) -> Any:
        try:
            return self._parse(value)
        except UsageError as problem:
            raise TraitError(f"{self.name}: {problem}") from None


def _body(namespace: dict[str, Any]) -> None:
    namespace["__doc__"] = "The traits of the magic: the defaults of its options, and a few of its own."
    namespace["__module__"] = __name__
    for option in options_for("notebook"):
        if option.configurable:
            trait = _OptionTrait(option, option.parse) if option.parse else Bool(help=option.help)
            namespace[option.dest] = trait.tag(config=True)
    namespace["language"] = Unicode(help="Language of what is shown: en or ko; empty for the locale's.").tag(
        config=True
    )
    namespace["warm_up"] = Bool(True, help="Fill Go's build cache in the background on loading.").tag(config=True)


Settings = types.new_class("Settings", (Configurable,), {}, _body)
