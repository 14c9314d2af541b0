package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.SessionOptions.CacheType;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The bits of the golden models' logits, recorded in testdata/bits.txt: every processor with FMA computes the same, at every
 * vector width and with the scalar twin. {@code .ci/processors} runs this test on several.
 */
@Tag("width")
class RecordedBitsTest {
    private static final Path RECORDED = TestData.path("bits.txt");

    /** Ids in two pages and a part of a third, and the rest, which is fed singly. */
    private static final int PREFILLED = 140;

    private static final int[] IDS = new Random(28).ints(150, 0, 64).toArray();

    /** A line of bits.txt: a model's folder, and checksums with a cache of f32 and of q8. */
    private static String line(String folder, ModelOptions options) {
        StringBuilder line = new StringBuilder(folder);
        try (Model model = Model.load(TestData.path(folder), options.withThreads(2))) {
            for (CacheType type : List.of(CacheType.F32, CacheType.Q8)) {
                line.append(' ').append(checksum(model, type));
            }
        }
        return line.toString();
    }

    /** Checksum of the logits after every id. */
    private static String checksum(Model model, CacheType type) {
        CRC32C checksum = new CRC32C();
        SessionOptions options = SessionOptions.defaults().withCacheType(type).withContextLength(IDS.length);
        try (Session session = model.newSession(options)) {
            session.prefill(Arrays.copyOf(IDS, PREFILLED), (position, logits) -> update(checksum, logits));
            for (int i = PREFILLED; i < IDS.length; i++) {
                session.decode(IDS[i]);
                update(checksum, session.logits());
            }
        }
        return String.format("%08x", checksum.getValue());
    }

    private static void update(CRC32C checksum, float[] logits) {
        ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * logits.length);
        bytes.asFloatBuffer().put(logits);
        checksum.update(bytes);
    }

    /** Folders of {@code parent} that hold a model, in the order of their names. */
    private static List<String> folders(String parent) throws IOException {
        try (Stream<Path> all = Files.list(TestData.path(parent))) {
            return all.filter(folder -> Files.exists(folder.resolve("greedy.json")))
                    .map(folder -> parent + "/" + folder.getFileName())
                    .sorted()
                    .toList();
        }
    }

    @Test
    void logitsHaveTheRecordedBits() throws IOException {
        List<String> lines = new ArrayList<>();
        for (TestData.GoldenModel golden : TestData.goldenModels()) {
            if (golden.weights().equals(golden.folder())) {
                lines.add(line("golden/" + golden.name(), ModelOptions.defaults().withVariant(golden.variant())));
            }
        }
        for (String parent : List.of("golden_llama", "golden_mlra")) {
            for (String folder : folders(parent)) {
                lines.add(line(folder, ModelOptions.defaults()));
            }
        }
        Files.write(TestData.path("../engine/target/bits.txt"), lines);
        assertThat(lines)
                .as("testdata/bits.txt: expected the checksums that it lists, found others:"
                        + " if every processor shall compute other bits, copy engine/target/bits.txt there")
                .containsExactlyElementsOf(Files.readAllLines(RECORDED));
    }
}
