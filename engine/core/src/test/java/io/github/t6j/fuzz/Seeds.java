package io.github.t6j.fuzz;

import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Small valid inputs of each target. */
public final class Seeds {
    private Seeds() {}

    /** Returns the bytes of {@code text}. */
    public static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Returns files of golden/pickle_variants with one of these extensions, which torch or the official library wrote.
     */
    private static List<byte[]> variants(String... endings) {
        try (Stream<Path> files = Files.list(TestData.path("golden/pickle_variants"))) {
            List<byte[]> contents = new ArrayList<>();
            for (Path file : files.sorted().toList()) {
                if (Stream.of(endings).anyMatch(file.toString()::endsWith)) {
                    contents.add(Files.readAllBytes(file));
                }
            }
            return contents;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static List<byte[]> json() {
        return List.of(utf8(Json.write(TestData.json("golden/T6_odd/config.json"))), utf8("""
                {"a\\u00e9\\ud83d\\ude00\\n": [0, -1, 1.5e-3, 9223372036854775808, true, null, [], {}, "\u00e9"]}"""));
    }

    static List<byte[]> adapters() {
        return List.of(utf8("{\"peft_type\": \"LORA\", \"r\": 3, \"lora_alpha\": 6}"), utf8("""
                {"alpha_pattern": {"v_proj": 2.5}, "base_model_name_or_path": "org/base", "bias": "none",
                "fan_in_fan_out": false, "init_lora_weights": true, "layer_replication": null, "lora_alpha": 16,
                "modules_to_save": null, "peft_type": "LORA", "r": 8, "rank_pattern": {"^a.b": 1, "q_proj": 3},
                "target_modules": ["q_proj"], "use_dora": false, "use_rslora": true}"""));
    }

    static List<byte[]> safetensors() {
        List<byte[]> files = variants(".safetensors");
        files.add(quantized());
        files.add(utf8("{\"metadata\":{},\"weight_map\":{\"a\":\"1.safetensors\",\"b\":\"2.safetensors\"}}"));
        return files;
    }

    /** Returns a file with a tensor of 2 × 40 in q8_0, one of 1 × 32 in q4_0, and one of three F16 elements. */
    private static byte[] quantized() {
        byte[] header = utf8("""
                {"__metadata__":{"t6j.quantized":"{\\"a\\":{\\"type\\":\\"q8_0\\",\\"shape\\":[2,40]},\
                \\"b\\":{\\"type\\":\\"q4_0\\",\\"shape\\":[1,32]}}"},\
                "a":{"dtype":"U8","shape":[2,68],"data_offsets":[0,136]},\
                "b":{"dtype":"U8","shape":[1,18],"data_offsets":[136,154]},\
                "c":{"dtype":"F16","shape":[3],"data_offsets":[154,160]}}""");
        return ByteBuffer.allocate(8 + header.length + 160).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length)
                .put(header).array();
    }

    /** Returns a file with a key of each kind, a matrix of 3 × 32 in q8_0, and two F32 elements. */
    static List<byte[]> gguf() {
        ByteBuffer out = ByteBuffer.allocate(456).order(ByteOrder.LITTLE_ENDIAN).put(utf8("GGUF")).putInt(3).putLong(2)
                .putLong(6);
        string(string(out, "general.architecture").putInt(8), "llama");
        string(out, "general.alignment").putInt(4).putInt(32);
        string(out, "llama.rope.freq_base").putInt(6).putFloat(10000);
        string(out, "add_bos").putInt(7).put((byte) 1);
        string(string(string(out, "tokens").putInt(9).putInt(8).putLong(2), "a"), "\u00e9");
        string(out, "types").putInt(9).putInt(5).putLong(2).putInt(1).putInt(3);
        string(out, "w").putInt(2).putLong(32).putLong(3).putInt(8).putLong(0);
        string(out, "b").putInt(1).putLong(2).putInt(0).putLong(128);
        return List.of(out.array());
    }

    private static ByteBuffer string(ByteBuffer out, String text) {
        return out.putLong(utf8(text).length).put(utf8(text));
    }

    /** Returns torch's zip files, its legacy files, and the pickles of the zip files. */
    static List<byte[]> torch() {
        List<byte[]> seeds = variants(".bin", ".pt");
        for (byte[] file : List.copyOf(seeds)) {
            if (file[0] == 'P') {
                Zip.read(file).forEach((name, data) -> {
                    if (name.endsWith("data.pkl")) {
                        seeds.add(data);
                    }
                });
            }
        }
        return seeds;
    }

    /** Returns the characters for the bytes 0 to 255 in GPT-2's files. */
    static List<String> byteTokens() {
        List<String> tokens = new ArrayList<>();
        char next = 256;
        for (int b = 0; b < 256; b++) {
            boolean printable = b >= '!' && b <= '~' || b >= 0xa1 && b != 0xad;
            tokens.add(String.valueOf(printable ? (char) b : next++));
        }
        return tokens;
    }

    /**
     * Returns GPT-2's byte-level BPE with few merges: a tokenizer.json, and vocab.json and merges.txt separated by a 0
     * byte.
     */
    static List<byte[]> tokenizers() {
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        byteTokens().forEach(token -> vocabulary.put(token, (long) vocabulary.size()));
        List<String> merges = List.of("t h", "th e", "\u0120 the", "a a", "aa aa", "l l", "' ll", "\u00c3 \u00a9");
        merges.forEach(merge -> vocabulary.put(merge.replace(" ", ""), (long) vocabulary.size()));
        String pair = Json.writeLine(vocabulary) + "\0#version: 0.2\n" + String.join("\n", merges);
        Map<String, Object> model = new LinkedHashMap<>();
        model.put("type", "BPE");
        model.put("vocab", vocabulary);
        model.put("merges", merges);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("added_tokens", List.of(
                Map.of("id", 264L, "content", "<|endoftext|>", "special", true),
                Map.of("id", 265L, "content", "<x>", "special", false)));
        json.put("normalizer", null);
        json.put("pre_tokenizer", Map.of("type", "ByteLevel", "add_prefix_space", false, "use_regex", true));
        json.put("model", model);
        return List.of(utf8(Json.writeLine(json)), utf8(pair));
    }

    static List<byte[]> texts() {
        return List.of(utf8("The whale's  back,\n\n\twe'll see 1851 <|endoftext|>"),
                utf8("caf\u00e9 \u4f60\u597d \ud83d\ude00\u00a0\u2028\u0301"),
                "The whale \ud800 we'll \udc00\ud83d\ude00".getBytes(StandardCharsets.UTF_16BE));
    }

    static List<byte[]> samplers() {
        List<byte[]> samplers = new ArrayList<>();
        for (float temperature : new float[] {0, 0.8f}) {
            ByteBuffer out = ByteBuffer.allocate(64).putInt(0x072a02).putFloat(temperature).putInt(3).putFloat(0.95f);
            out.putFloat(0.05f).putFloat(1.1f).putFloat(0.1f).putFloat(-0.1f).putFloat(5f);
            for (float logit = -3; logit < 4; logit++) {
                out.putFloat(logit);
            }
            samplers.add(out.array());
        }
        return samplers;
    }
}
