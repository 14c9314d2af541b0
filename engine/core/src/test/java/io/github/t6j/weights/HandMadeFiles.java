package io.github.t6j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.TestData;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Files for the tests of this package: golden ones, and files written without the code under test. */
public final class HandMadeFiles {
    public static final Path GOLDEN = TestData.path("golden");

    private HandMadeFiles() {}

    public static Safetensors golden(String path) {
        return Safetensors.read(GOLDEN.resolve(path), Arena.ofAuto());
    }

    /** Returns a safetensors file: the length, the header unchanged, the data. */
    public static byte[] safetensors(String header, int... data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer file = ByteBuffer.allocate(8 + json.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
        file.putLong(json.length).put(json);
        for (int b : data) {
            file.put((byte) b);
        }
        return file.array();
    }

    /** Returns a zip file of uncompressed entries, written by the JDK. */
    public static byte[] zip(Map<String, byte[]> entries) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            for (Map.Entry<String, byte[]> e : entries.entrySet()) {
                ZipEntry entry = new ZipEntry(e.getKey());
                CRC32 crc = new CRC32();
                crc.update(e.getValue());
                entry.setMethod(ZipEntry.STORED);
                entry.setSize(e.getValue().length);
                entry.setCrc(crc.getValue());
                zip.putNextEntry(entry);
                zip.write(e.getValue());
            }
        }
        return bytes.toByteArray();
    }

    public static MemorySegment segment(byte[] bytes) {
        return MemorySegment.ofArray(bytes);
    }

    /** Returns a copy that has one to three bytes changed, or is truncated, or both. */
    public static byte[] damaged(byte[] good, Random random) {
        byte[] bad = random.nextInt(4) == 0 ? Arrays.copyOf(good, random.nextInt(good.length) + 1) : good.clone();
        for (int i = random.nextInt(4); i > 0; i--) {
            int at = random.nextInt(bad.length);
            bad[at] = (byte) (random.nextBoolean() ? bad[at] ^ 1 << random.nextInt(8) : random.nextInt(256));
        }
        return bad;
    }

    /** Checks that names, types, shapes and bits are equal, in any order of the names. */
    public static void assertSameTensors(Map<String, Tensor> actual, Map<String, Tensor> expected) {
        assertThat(actual).containsOnlyKeys(expected.keySet());
        expected.forEach((name, tensor) -> assertSameTensor(actual.get(name), tensor));
    }

    public static void assertSameTensor(Tensor actual, Tensor expected) {
        assertThat(actual.dtype()).as(expected.name()).isEqualTo(expected.dtype());
        assertThat(actual.shape()).as(expected.name()).isEqualTo(expected.shape());
        assertThat(actual.data().mismatch(expected.data())).as("first different byte of %s", expected.name())
                .isEqualTo(-1);
    }
}
