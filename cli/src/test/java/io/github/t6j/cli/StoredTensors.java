package io.github.t6j.cli;

import io.github.t6j.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Another, plain reader of safetensors files, to check the files that commands write. */
public record StoredTensors(Map<String, Object> metadata, Map<String, Stored> tensors) {

    /** A tensor: F32, F16 and BF16 as floats, F64 unchanged, U8 as unsigned bytes. */
    public record Stored(String dtype, List<Object> shape, double[] values) {}

    public static StoredTensors read(Path file) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) bytes.getLong()];
        bytes.get(header);
        ByteBuffer data = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
        Map<String, Object> metadata = Map.of();
        Map<String, Stored> tensors = new LinkedHashMap<>();
        for (Map.Entry<String, Object> entry : Json.parseObject(header, file.toString()).entrySet()) {
            Map<String, Object> fields = Json.object(entry.getValue(), entry.getKey());
            if (entry.getKey().equals("__metadata__")) {
                metadata = fields;
                continue;
            }
            String dtype = (String) fields.get("dtype");
            List<Object> offsets = Json.array(fields.get("data_offsets"), "data_offsets");
            int from = ((Long) offsets.get(0)).intValue();
            int to = ((Long) offsets.get(1)).intValue();
            double[] values = values(dtype, data, from, to);
            tensors.put(entry.getKey(), new Stored(dtype, Json.array(fields.get("shape"), "shape"), values));
        }
        return new StoredTensors(metadata, tensors);
    }

    private static double[] values(String dtype, ByteBuffer data, int from, int to) {
        int size =
                dtype.equals("F64") || dtype.equals("I64") ? 8 : dtype.equals("F32") ? 4 : dtype.equals("U8") ? 1 : 2;
        double[] values = new double[(to - from) / size];
        for (int i = 0; i < values.length; i++) {
            int at = from + i * size;
            values[i] = switch (dtype) {
                case "F64" -> data.getDouble(at);
                case "I64" -> data.getLong(at);
                case "F32" -> data.getFloat(at);
                case "U8" -> data.get(at) & 0xff;
                case "F16" -> Float.float16ToFloat(data.getShort(at));
                case "BF16" -> Float.intBitsToFloat(data.getShort(at) << 16);
                default -> throw new IllegalArgumentException(dtype);
            };
        }
        return values;
    }
}
