"""Convert values to payloads with pydantic's JSON, and one cache of type adapters for the process.

The SDK creates a payload converter for every workflow run. With a cache in each, every run and every replay
after a restart would build the adapters of all message types again: tens of milliseconds of CPU.
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
