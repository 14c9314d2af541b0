package io.github.t6j.fuzz;

import io.github.t6j.json.Json;
import io.github.t6j.weights.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Changes files of weights and keeps their outer layers valid: it updates lengths, directories and checksums. */
public final class FileMutator {
    /** Signature of a zip record → offset and width of its fields, by PKWARE's APPNOTE 4.3. */
    private static final Map<Integer, int[][]> ZIP_FIELDS = Map.of(
            0x04034b50, new int[][] {{0, 4}, {6, 2}, {8, 2}, {14, 4}, {18, 4}, {22, 4}, {26, 2}, {28, 2}},
            0x02014b50,
            new int[][] {{0, 4}, {8, 2}, {10, 2}, {16, 4}, {20, 4}, {24, 4}, {28, 2}, {30, 2}, {32, 2}, {42, 4}},
            0x06054b50, new int[][] {{0, 4}, {8, 2}, {10, 2}, {12, 4}, {16, 4}, {20, 2}},
            0x06064b50, new int[][] {{0, 4}, {4, 8}, {24, 8}, {32, 8}, {40, 8}, {48, 8}},
            0x07064b50, new int[][] {{0, 4}, {8, 8}, {16, 4}});

    private FileMutator() {}

    public static byte[] json(byte[] json, Random random) {
        String text = new String(json, StandardCharsets.UTF_8);
        for (int i = 1 + random.nextInt(2); i > 0; i--) {
            text = JsonMutator.mutate(text, random);
        }
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Changes a line of JSON by its structure, or the whole file by its bytes. */
    public static byte[] lines(byte[] file, Random random) {
        StringBuilder lines = new StringBuilder();
        new String(file, StandardCharsets.UTF_8).lines()
                .map(line -> line.startsWith("{") && random.nextBoolean() ? JsonMutator.mutate(line, random) : line)
                .forEach(line -> lines.append(line).append('\n'));
        byte[] bytes = Seeds.utf8(lines.toString());
        return random.nextInt(3) == 0 ? Bytes.mutate(bytes, random) : bytes;
    }

    /**
     * Changes the header by its structure, with a correct length; or sizes of tensors, with correct offsets; or an
     * index as JSON.
     */
    public static byte[] safetensors(byte[] file, Random random) {
        if (file[0] == '{') {
            return json(file, random);
        }
        int length = (int) ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN).getLong();
        byte[] header = Arrays.copyOfRange(file, 8, 8 + length);
        byte[] data = Arrays.copyOfRange(file, 8 + length, file.length);
        if (random.nextInt(3) == 0) {
            Map<String, Object> tensors = Json.parseObject(header, "seed");
            data = Arrays.copyOf(data, resize(tensors, random));
            header = Seeds.utf8(Json.writeLine(tensors));
        } else {
            header = json(header, random);
        }
        for (int i = random.nextInt(8); i > 0 && data.length > 0; i--) {
            data[random.nextInt(data.length)] = (byte) random.nextInt();
        }
        return ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length).put(header).put(data).array();
    }

    /**
     * Changes the sizes of some tensors, places all of them one after the other, and returns the total number of bytes.
     */
    private static int resize(Map<String, Object> tensors, Random random) {
        long end = 0;
        for (Map.Entry<String, Object> entry : tensors.entrySet()) {
            Map<String, Object> tensor = Json.object(entry.getValue(), "seed");
            if (tensor.get("shape") instanceof List<?>) {
                List<Object> shape = Json.array(tensor.get("shape"), "seed");
                if (!shape.isEmpty() && random.nextInt(3) == 0) {
                    shape.set(random.nextInt(shape.size()), (long) random.nextInt(130));
                }
                long bytes = DType.valueOf((String) tensor.get("dtype")).bytes();
                for (Object size : shape) {
                    bytes = Math.min(bytes * (Long) size, 1 << 16);
                }
                tensor.put("data_offsets", List.of(end, end + bytes));
                end += bytes;
            }
        }
        return (int) end;
    }

    /** Changes a legacy file or bare pickle by its opcodes; in a zip file its pickle, entries, or records. */
    static byte[] torch(byte[] file, Random random) {
        if (file[0] != 'P') {
            return PickleMutator.mutate(file, random);
        }
        byte[] zip = random.nextBoolean() ? zip64(entries(file, random)) : Zip.write(entries(file, random));
        for (int i = random.nextInt(3); i > 0; i--) {
            lie(zip, random);
        }
        return zip;
    }

    private static Map<String, byte[]> entries(byte[] file, Random random) {
        Map<String, byte[]> entries = new LinkedHashMap<>();
        Zip.read(file).forEach((name, data) -> {
            if (random.nextInt(30) != 0) {
                boolean pickle = name.endsWith("data.pkl") && random.nextInt(4) != 0;
                boolean damage = random.nextInt(20) == 0;
                entries.put(name,
                        pickle ? PickleMutator.mutate(data, random) : damage ? Bytes.mutate(data, random) : data);
                if (random.nextInt(30) == 0) {
                    entries.put("x" + name, data);
                }
            }
        });
        return entries.isEmpty() ? Map.of("x/data.pkl", new byte[1]) : entries;
    }

    /** Returns a zip file with zip64 records, to which the end record points. */
    private static byte[] zip64(Map<String, byte[]> entries) {
        byte[] zip = Zip.write(entries);
        ByteBuffer end = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        int at = zip.length - 22;
        ByteBuffer out = ByteBuffer.allocate(zip.length + 76).order(ByteOrder.LITTLE_ENDIAN).put(zip, 0, at);
        out.putInt(0x06064b50).putLong(44).putInt(45 << 16 | 45).putLong(0).putLong(entries.size());
        out.putLong(entries.size()).putLong(end.getInt(at + 12)).putLong(end.getInt(at + 16));
        out.putInt(0x07064b50).putInt(0).putLong(at).putInt(1);
        return out.putInt(0x06054b50).putInt(0).putInt(-1).putInt(-1).putInt(-1).putShort((short) 0).array();
    }

    /** Writes a boundary value to a field of a zip record. */
    private static void lie(byte[] zip, Random random) {
        ByteBuffer records = ByteBuffer.wrap(zip).order(ByteOrder.LITTLE_ENDIAN);
        List<Integer> found = new ArrayList<>();
        for (int at = 0; at + 4 <= zip.length; at++) {
            if (ZIP_FIELDS.containsKey(records.getInt(at))) {
                found.add(at);
            }
        }
        if (!found.isEmpty()) {
            int record = found.get(random.nextInt(found.size()));
            int[][] fields = ZIP_FIELDS.get(records.getInt(record));
            int[] field = fields[random.nextInt(fields.length)];
            if (record + field[0] < zip.length) {
                Bytes.putBorder(zip, record + field[0], field[1], random);
            }
        }
    }

    /**
     * Changes a tokenizer.json as JSON, or adds tokens; in the form of two files changes the vocabulary as JSON, or the
     * merges as bytes.
     */
    static byte[] tokenizer(byte[] file, Random random) {
        String text = new String(file, StandardCharsets.UTF_8);
        int separator = text.indexOf(0);
        if (separator < 0) {
            return random.nextBoolean() ? json(file, random) : moreTokens(file, random);
        }
        String vocabulary = text.substring(0, separator);
        String merges = text.substring(separator + 1);
        return random.nextBoolean()
                ? Seeds.utf8(JsonMutator.mutate(vocabulary, random) + "\0" + merges)
                : Seeds.utf8(vocabulary + "\0"
                        + new String(Bytes.mutate(Seeds.utf8(merges), random), StandardCharsets.UTF_8));
    }

    /** Adds merges of any two tokens, and added tokens with any text. */
    private static byte[] moreTokens(byte[] file, Random random) {
        Map<String, Object> json = Json.parseObject(file, "seed");
        Map<String, Object> model = Json.object(json.get("model"), "seed");
        Map<String, Object> vocabulary = Json.object(model.get("vocab"), "seed");
        List<Object> merges = Json.array(model.get("merges"), "seed");
        List<Object> added = Json.array(json.get("added_tokens"), "seed");
        for (int i = random.nextInt(8); i >= 0; i--) {
            List<String> tokens = List.copyOf(vocabulary.keySet());
            String left = tokens.get(random.nextInt(tokens.size()));
            String right = tokens.get(random.nextInt(tokens.size()));
            if (random.nextInt(3) == 0) {
                long id = random.nextInt(3) == 0 ? random.nextInt(300) : 1000 + random.nextInt(1000);
                added.add(Map.of("id", id, "content", left + right.substring(1), "special", random.nextBoolean()));
            } else {
                vocabulary.putIfAbsent(left + right, 300L + vocabulary.size());
                merges.add(random.nextInt(merges.size() + 1), left + " " + right);
            }
        }
        return Seeds.utf8(Json.writeLine(json));
    }
}
