import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageDecoder;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.utils.Bytes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams with exactly_once_v2: a processor over a RocksDB store with its changelog, cached as
 * the DSL's stores are by default; one thread a core, everything else as Kafka Streams has it.
 */
public final class CountingRule implements Processor<byte[], byte[], byte[], byte[]> {
  private static final String STORE = "counts";
  private static final int EVERY = 10;
  private static final Schema SCHEMA = new Schema.Parser().parse(told("SCHEMA"));
  private static final AtomicLong SEEN = new AtomicLong();
  private static final long FIRST = Long.parseLong(told("WARMUP")) + 1;

  private final BinaryMessageDecoder<GenericRecord> decoder =
      new BinaryMessageDecoder<>(GenericData.get(), SCHEMA);
  private ProcessorContext<byte[], byte[]> context;
  private KeyValueStore<Bytes, byte[]> store;
  private GenericRecord reused;

  @Override
  public void init(ProcessorContext<byte[], byte[]> given) {
    context = given;
    store = given.getStateStore(STORE);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    if (SEEN.incrementAndGet() == FIRST) {
      begin();
    }
    Bytes key = Bytes.wrap(record.key());
    byte[] after = updated(store.get(key), record.value());
    store.put(key, after);
    if (context.recordMetadata().orElseThrow().offset() % EVERY == 0) {
      context.forward(record.withValue(after));
    }
  }

  /** The state of a key after one more record: count, minutes, the record. */
  private byte[] updated(byte[] held, byte[] value) {
    try {
      reused = decoder.decode(value, reused);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
    long count = held == null ? 0 : ByteBuffer.wrap(held).getLong();
    return ByteBuffer.allocate(Long.BYTES + Integer.BYTES + value.length)
        .putLong(count + 1)
        .putInt((Integer) reused.get("minutes"))
        .put(value)
        .array();
  }

  /** Tells the bench that the warm-up is over. */
  private static void begin() {
    try {
      Path folder = Path.of(told("FOLDER"));
      Path fresh = folder.resolve("first.new");
      Files.writeString(fresh, String.valueOf(System.currentTimeMillis() / 1000.0));
      Files.move(fresh, folder.resolve("first"), StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException error) {
      throw new UncheckedIOException(error);
    }
  }

  private static String told(String name) {
    return System.getenv("BENCH_" + name);
  }

  private static Topology topology() {
    ByteArrayDeserializer reads = new ByteArrayDeserializer();
    ByteArraySerializer writes = new ByteArraySerializer();
    return new Topology()
        .addSource("in", reads, reads, told("SOURCE"))
        .addProcessor("rule", CountingRule::new, "in")
        .addStateStore(
            Stores.keyValueStoreBuilder(
                    Stores.persistentKeyValueStore(STORE), Serdes.Bytes(), Serdes.ByteArray())
                .withCachingEnabled(),
            "rule")
        .addSink("out", told("OUTPUT"), writes, writes, "rule");
  }

  public static void main(String[] arguments) {
    Properties settings = new Properties();
    settings.put(StreamsConfig.APPLICATION_ID_CONFIG, told("GROUP"));
    settings.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, told("BROKER"));
    settings.put(StreamsConfig.STATE_DIR_CONFIG, told("FOLDER") + "/state");
    settings.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    settings.put(
        StreamsConfig.NUM_STREAM_THREADS_CONFIG, Runtime.getRuntime().availableProcessors());
    settings.put(StreamsConfig.consumerPrefix("auto.offset.reset"), "earliest");
    KafkaStreams streams = new KafkaStreams(topology(), settings);
    streams.setUncaughtExceptionHandler(
        error -> {
          error.printStackTrace();
          Runtime.getRuntime().halt(1);
          return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
        });
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> streams.close(Duration.ofSeconds(20))));
    streams.start();
  }
}
