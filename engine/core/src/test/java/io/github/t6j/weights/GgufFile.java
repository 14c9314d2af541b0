package io.github.t6j.weights;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Writes a GGUF file value by value, well-formed or not. */
public final class GgufFile {
    public static final int F32 = 0;
    public static final int U32 = 4;
    public static final int I32 = 5;
    public static final int FLOAT = 6;
    public static final int BOOL = 7;
    public static final int STRING = 8;
    public static final int ARRAY = 9;
    public static final int U64 = 10;

    private final List<byte[]> keys = new ArrayList<>();
    private final List<byte[]> infos = new ArrayList<>();
    private final ByteArrayOutputStream data = new ByteArrayOutputStream();
    private int version = 3;
    private int alignment = 32;
    private Long tensorCount;
    private Long keyCount;

    /**
     * Returns little-endian bytes: numbers in the width of their type; a String as its length in 8 bytes, then its
     * text.
     */
    public static byte[] bytes(Object... values) {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (Object value : values) {
            ByteBuffer eight = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
            switch (value) {
                case Byte number -> eight.put(number);
                case Short number -> eight.putShort(number);
                case Integer number -> eight.putInt(number);
                case Long number -> eight.putLong(number);
                case Float number -> eight.putFloat(number);
                case Double number -> eight.putDouble(number);
                case byte[] raw -> out.writeBytes(raw);
                case String text -> {
                    byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
                    out.writeBytes(bytes((long) utf8.length, utf8));
                }
                default -> throw new IllegalArgumentException(value.toString());
            }
            out.write(eight.array(), 0, eight.position());
        }
        return out.toByteArray();
    }

    public GgufFile version(int version) {
        this.version = version;
        return this;
    }

    /** Sets the alignment of this file's data; the key that states it must be added separately. */
    public GgufFile alignment(int alignment) {
        this.alignment = alignment;
        return this;
    }

    /** Sets the counts in the header, regardless of the actual ones. */
    public GgufFile counts(long tensors, long keys) {
        tensorCount = tensors;
        keyCount = keys;
        return this;
    }

    /** Adds a key, its type and the bytes of its value. */
    public GgufFile key(String name, int type, Object... value) {
        keys.add(bytes(name, type, bytes(value)));
        return this;
    }

    /** Adds a key with a string, an integer as u32, or a fraction as f32. */
    public GgufFile key(String name, Object value) {
        return switch (value) {
            case String text -> key(name, STRING, text);
            case Integer number -> key(name, U32, number);
            case Float number -> key(name, FLOAT, number);
            default -> throw new IllegalArgumentException(value.toString());
        };
    }

    /** Adds the header entry of a tensor, unchecked. */
    public GgufFile info(Object... values) {
        infos.add(bytes(values));
        return this;
    }

    /** Adds data, aligned but otherwise unchanged. */
    public GgufFile data(byte[] bytes) {
        data.writeBytes(bytes);
        data.writeBytes(new byte[-data.size() & alignment - 1]);
        return this;
    }

    /** Adds a tensor with its data; {@code shape} is rows first. */
    public GgufFile tensor(String name, int type, byte[] bytes, long... shape) {
        ByteArrayOutputStream sizes = new ByteArrayOutputStream();
        for (int d = shape.length - 1; d >= 0; d--) {
            sizes.writeBytes(bytes(shape[d]));
        }
        return info(name, shape.length, sizes.toByteArray(), type, (long) data.size()).data(bytes);
    }

    /** Adds a tensor of f32. */
    public GgufFile floats(String name, float[] values, long... shape) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return tensor(name, F32, bytes.array(), shape);
    }

    /** Returns the bytes of the whole file. */
    public byte[] make() {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(bytes("GGUF".getBytes(StandardCharsets.US_ASCII), version,
                tensorCount == null ? (long) infos.size() : tensorCount,
                keyCount == null ? (long) keys.size() : keyCount));
        keys.forEach(file::writeBytes);
        infos.forEach(file::writeBytes);
        file.writeBytes(new byte[-file.size() & alignment - 1]);
        file.writeBytes(data.toByteArray());
        return file.toByteArray();
    }

    /** Returns {@code bytes} without the last {@code count}. */
    public static byte[] without(byte[] bytes, int count) {
        return Arrays.copyOf(bytes, bytes.length - count);
    }
}
