"""How values become payloads and back: pydantic's JSON, with one cache of its type adapters for the whole process.

The SDK makes a payload converter for every workflow run. With a cache in each of them, every run, and every replay after a
restart, would build the adapters of all message types again: tens of milliseconds of CPU each.
"""

from temporalio.contrib.pydantic import PydanticJSONPlainPayloadConverter
from temporalio.converter import (
    CompositePayloadConverter,
    DataConverter,
    DefaultPayloadConverter,
    JSONPlainPayloadConverter,
)

_JSON = PydanticJSONPlainPayloadConverter()


class PayloadConverter(CompositePayloadConverter):
    """The SDK's default converters, with pydantic for JSON."""

    def __init__(self) -> None:
        """Share the JSON converter, and so its cache, with every other instance."""
        defaults = DefaultPayloadConverter.default_encoding_payload_converters
        super().__init__(
            *(_JSON if isinstance(each, JSONPlainPayloadConverter) else each for each in defaults)
        )


DATA_CONVERTER = DataConverter(payload_converter_class=PayloadConverter)
"""What every client, worker and replayer uses; `temporal.connect` adds the codec of the settings."""
