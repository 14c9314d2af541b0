package io.github.t6j.jmh;

import com.knuddels.jtokkit.Encodings;
import com.knuddels.jtokkit.api.Encoding;
import com.knuddels.jtokkit.api.EncodingType;
import io.github.t6j.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** Encodes a book with GPT-2's vocabulary, by t6j's tokenizer and by jtokkit's. */
@Fork(1)
public class TokenizerBenchmark extends RateBenchmark {
    private String text;
    private int bytes;
    private Tokenizer tokenizer;
    private Encoding jtokkit;

    /** Counters, per second. */
    @State(Scope.Thread)
    @AuxCounters
    public static class Encoded {
        /** Bytes of UTF-8. */
        public long bytes;

        /** Ids. */
        public long tokens;
    }

    /** Reads text and vocabularies. */
    @Setup
    public void read() throws IOException {
        text = Files.readString(BenchmarkSupport.testData("text/test.txt"));
        bytes = text.getBytes(StandardCharsets.UTF_8).length;
        tokenizer = Tokenizer.load(BenchmarkSupport.testData("tokenizers/gpt2"));
        jtokkit = Encodings.newDefaultEncodingRegistry().getEncoding(EncodingType.R50K_BASE);
        int[] ids = tokenizer.encode(text);
        float[] numbers = new float[ids.length];
        for (int i = 0; i < ids.length; i++) {
            numbers[i] = ids[i];
        }
        Outputs.keep(numbers);
    }

    /** Encodes with t6j. */
    @Benchmark
    public int[] t6j(Encoded encoded) {
        return count(tokenizer.encode(text), encoded);
    }

    /** Encodes with jtokkit. */
    @Benchmark
    public int[] jtokkit(Encoded encoded) {
        return count(jtokkit.encodeOrdinary(text).toArray(), encoded);
    }

    private int[] count(int[] ids, Encoded encoded) {
        encoded.bytes += bytes;
        encoded.tokens += ids.length;
        return ids;
    }
}
