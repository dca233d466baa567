"""What a reader of the topics needs to know: text for the contract's page and the AsyncAPI document."""

from __future__ import annotations

__all__ = ["GROUP_SESSION_MS", "READING"]

GROUP_SESSION_MS = 6_000
"""The session timeout that lets a group form soonest; Apache Kafka accepts none below it (group.min.session.timeout.ms)."""

READING = f"""\
**Compression.** Records are compressed with lz4. Tried with the embedded broker:

| client | also needs |
|---|---|
| confluent-kafka 2.16 (librdkafka) | nothing |
| aiokafka 0.14 | `pip install 'aiokafka[lz4]'` |
| kafka-python 3.0 | `pip install 'kafka-python[lz4]'`; without it the first record ends with `UnsupportedCodecError` |
| kafkajs 2.2 | the package `kafkajs-lz4`, registered in `CompressionCodecs`; without it `LZ4 compression not implemented` |

**Protocol.** The stack runs Apache Kafka 4, which accepts clients that speak the protocol of Kafka 2.1 or later. Record
headers are used.

**Login.** HR systems connect to a separate listener of the stack, with TLS and SCRAM-SHA-512 (`SASL_SSL`). They need the
certificate authority's file, a user and a password from the operator (docs/runbooks/subscribers.md). Such a user may read
`asn.score.v1` and `asn.notice.v1`. Its consumer group has the user's name, or begins with that name and a dash. The
embedded broker of `make up` needs no login, and accepts connections from its own machine only.

**Settings.** Set `auto.offset.reset` to `earliest`: otherwise most clients begin at the end, and miss the present state.
Turn automatic commits off, and commit after the records are stored.

**Waiting for the first record.** The embedded broker answers the first join of a group after half of the client's
`session.timeout.ms`: with 45 s, the default of librdkafka and kafka-python, after 23 s; with {GROUP_SESSION_MS} ms after 3 s. A
consumer that assigns its partitions itself, without a group, gets its first record at once. On Apache Kafka a group waits
for `group.initial.rebalance.delay.ms`, 500 ms in the stack.

**Key, order, headers.** The key is text (UTF-8) as in the table of topics. All records of a key are on one partition, in
the order of their revisions; there is no order between keys. Headers are the CloudEvents attributes with the prefix `ce_`,
`content-type`, and `traceparent`. Ignore unknown headers and unknown fields.

**Compaction and reading again.** On the topics of officers, scores and discipline Kafka keeps at least the last record of
each key; on the others it deletes records by age and size. So the whole topic, read from its beginning, gives the present
state of everything that is still kept. Reading again is harmless, because the highest revision wins.

**A topic that was created again.** Offsets belong to one topic id. A topic that was deleted and created again has another
id. So has each topic of the embedded broker after a restart, because that broker keeps records in memory only. A stored
offset has no meaning in the new log: it may be beyond its end, or in its middle. Store the topic id with the offsets (the
client's "describe topics" returns it), check it at the start and from time to time, and read from the beginning when it
differs. `examples/hr_subscriber.py` shows it. Offsets that are committed to the broker are deleted with the topic.
`make up` publishes the whole state again at each start; in the stack the operator does it with `kinerja republish`.
"""
