package io.github.t6j.weights.safetensors;

import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import io.github.t6j.weights.FileBytes;
import io.github.t6j.weights.LazyTensor;
import io.github.t6j.weights.LittleEndian;
import io.github.t6j.weights.Replacement;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes files for {@link Safetensors}. */
final class SafetensorsWriter {
    private static final int PIECE = 1 << 20;

    private SafetensorsWriter() {}

    /** Returns the header of a file with {@code tensors} one after the other: its length, its JSON, padding spaces. */
    static byte[] header(Map<String, String> metadata, List<LazyTensor> tensors) {
        Map<String, Object> entries = new LinkedHashMap<>();
        Map<String, String> allMetadata = new LinkedHashMap<>(metadata);
        if (tensors.stream().anyMatch(tensor -> tensor.dtype().isQuantized())) {
            allMetadata.put(QuantizedTensors.KEY, QuantizedTensors.describe(tensors));
        }
        if (!allMetadata.isEmpty()) {
            entries.put(Safetensors.METADATA, allMetadata);
        }
        long at = 0;
        for (LazyTensor tensor : tensors) {
            Map<String, Object> entry = new LinkedHashMap<>();
            long end = at + tensor.bytes();
            boolean quantized = tensor.dtype().isQuantized();
            entry.put("dtype", (quantized ? DType.U8 : tensor.dtype()).name());
            entry.put("shape",
                    quantized ? QuantizedTensors.storedShape(tensor.dtype(), tensor.shape()) : tensor.shape());
            entry.put("data_offsets", List.of(at, end));
            if (tensor.name().equals(Safetensors.METADATA) || entries.put(tensor.name(), entry) != null) {
                throw new IllegalArgumentException("tensor names must be unique and differ from " + Safetensors.METADATA
                        + ", found a duplicate of " + tensor.name());
            }
            at = end;
        }
        byte[] json = Json.writeLine(entries).getBytes(StandardCharsets.UTF_8);
        int length = (json.length + 7) / 8 * 8;
        byte[] header = new byte[Safetensors.LENGTH_BYTES + length];
        MemorySegment.ofArray(header).set(LittleEndian.LONG, 0, length);
        System.arraycopy(json, 0, header, Safetensors.LENGTH_BYTES, json.length);
        Arrays.fill(header, Safetensors.LENGTH_BYTES + json.length, header.length, (byte) ' ');
        return header;
    }

    /** Writes header and tensors to {@code file}. */
    static void replace(Replacement file, byte[] header, List<LazyTensor> tensors) throws IOException {
        file.write(channel -> {
            FileBytes.write(channel, ByteBuffer.wrap(header));
            ByteBuffer buffer = ByteBuffer.allocateDirect(PIECE);
            for (LazyTensor tensor : tensors) {
                try (Arena arena = Arena.ofConfined()) {
                    write(channel, tensor, tensor.data().apply(arena), buffer);
                }
            }
        });
    }

    private static void write(FileChannel channel, LazyTensor tensor, MemorySegment data, ByteBuffer buffer)
            throws IOException {
        if (data.byteSize() != tensor.bytes()) {
            throw new IllegalArgumentException("tensor " + tensor.name() + ": expected " + tensor.bytes()
                    + " bytes, found " + data.byteSize());
        }
        for (long at = 0; at < data.byteSize(); at += PIECE) {
            buffer.clear().limit((int) Math.min(PIECE, data.byteSize() - at));
            MemorySegment.ofBuffer(buffer).copyFrom(data.asSlice(at, buffer.limit()));
            FileBytes.write(channel, buffer);
        }
    }
}
