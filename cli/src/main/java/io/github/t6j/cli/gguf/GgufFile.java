package io.github.t6j.cli.gguf;

import io.github.t6j.cli.io.Errors;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.Replacement;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.IntConsumer;

/**
 * Writer of a GGUF file of version 3, little-endian: magic, version, counts, keys, tensors (name, sizes with that of a
 * row first, type, offset), then the tensors' bytes. The bytes and each tensor begin at multiples of 32.
 */
final class GgufFile {
    private static final int VERSION = 3;
    private static final int ALIGNMENT = 32;
    /** Largest piece that a channel writes at once. */
    private static final long PIECE = 1 << 28;

    /** Numbers of tensor types (ggml.h). */
    private static final Map<DType, Integer> TENSOR_TYPES = Map.ofEntries(
            Map.entry(DType.F32, 0), Map.entry(DType.F16, 1), Map.entry(DType.Q4_0, 2), Map.entry(DType.Q4_1, 3),
            Map.entry(DType.Q5_0, 6), Map.entry(DType.Q5_1, 7), Map.entry(DType.Q8_0, 8), Map.entry(DType.Q4_K, 12),
            Map.entry(DType.Q5_K, 13), Map.entry(DType.Q6_K, 14), Map.entry(DType.BF16, 30));

    // types of keys
    private static final int U32 = 4;
    private static final int I32 = 5;
    private static final int FLOAT = 6;
    private static final int BOOL = 7;
    private static final int STRING = 8;
    private static final int ARRAY = 9;
    private static final int U64 = 10;

    /**
     * A tensor; its bytes are computed when they are written.
     *
     * @param shape sizes, that of a row last
     * @param parts return bytes that follow one another, such as the matrices of experts
     */
    record Part(String name, DType dtype, List<Long> shape, List<Function<Arena, MemorySegment>> parts) {
        long bytes() {
            return dtype.bytes(shape);
        }
    }

    private final ByteArrayOutputStream head = new ByteArrayOutputStream();

    private GgufFile() {}

    /**
     * Writes a file, which replaces one of that name as a whole.
     *
     * @param each receives the index of each tensor before it is written
     */
    static void write(Path file, Map<String, Object> keys, List<Part> tensors, IntConsumer each) {
        byte[] header = new GgufFile().header(keys, tensors);
        try {
            Replacement.of(file, false).write(channel -> {
                write(channel, MemorySegment.ofArray(header));
                for (int i = 0; i < tensors.size(); i++) {
                    each.accept(i);
                    write(channel, tensors.get(i));
                }
            });
        } catch (IOException e) {
            throw Errors.failure(file, "cannot be written", e);
        }
    }

    private static void write(FileChannel channel, Part tensor) throws IOException {
        for (Function<Arena, MemorySegment> part : tensor.parts) {
            try (Arena arena = Arena.ofConfined()) {
                write(channel, part.apply(arena));
            }
        }
        write(channel, MemorySegment.ofArray(new byte[padding(tensor.bytes())]));
    }

    private static void write(FileChannel channel, MemorySegment bytes) throws IOException {
        for (long from = 0; from < bytes.byteSize(); from += PIECE) {
            ByteBuffer piece = bytes.asSlice(from, Math.min(PIECE, bytes.byteSize() - from)).asByteBuffer();
            while (piece.hasRemaining()) {
                channel.write(piece);
            }
        }
    }

    private static int padding(long bytes) {
        return (int) (-bytes & ALIGNMENT - 1);
    }

    private byte[] header(Map<String, Object> keys, List<Part> tensors) {
        head.writeBytes("GGUF".getBytes(StandardCharsets.US_ASCII));
        number(4, VERSION);
        number(8, tensors.size());
        number(8, keys.size());
        keys.forEach((name, value) -> {
            text(name);
            value(value);
        });
        long offset = 0;
        for (Part tensor : tensors) {
            text(tensor.name);
            number(4, tensor.shape.size());
            tensor.shape.reversed().forEach(size -> number(8, size));
            number(4, TENSOR_TYPES.get(tensor.dtype));
            number(8, offset);
            offset += tensor.bytes() + padding(tensor.bytes());
        }
        head.writeBytes(new byte[padding(head.size())]);
        return head.toByteArray();
    }

    private void value(Object value) {
        switch (value) {
            case Boolean flag -> {
                number(4, BOOL);
                head.write(flag ? 1 : 0);
            }
            case Integer whole -> value((long) whole);
            case Long whole -> {
                boolean isWide = whole != (whole & 0xffffffffL);
                number(4, isWide ? U64 : U32);
                number(isWide ? 8 : 4, whole);
            }
            case Float fraction -> {
                number(4, FLOAT);
                number(4, Float.floatToRawIntBits(fraction));
            }
            case Double fraction -> value(fraction.floatValue());
            case String word -> {
                number(4, STRING);
                text(word);
            }
            default -> {
                number(4, ARRAY);
                array(value);
            }
        }
    }

    private void array(Object value) {
        switch (value) {
            case List<?> texts -> {
                begin(STRING, texts.size());
                texts.forEach(text -> text((String) text));
            }
            case int[] wholes -> {
                begin(I32, wholes.length);
                for (int whole : wholes) {
                    number(4, whole);
                }
            }
            case float[] fractions -> {
                begin(FLOAT, fractions.length);
                for (float fraction : fractions) {
                    number(4, Float.floatToRawIntBits(fraction));
                }
            }
            default -> throw new IllegalArgumentException("expected a value of a GGUF key, found " + value);
        }
    }

    private void begin(int type, int count) {
        number(4, type);
        number(8, count);
    }

    private void text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        number(8, bytes.length);
        head.writeBytes(bytes);
    }

    private void number(int bytes, long number) {
        head.write(ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN).putLong(number).array(), 0, bytes);
    }
}
