package io.github.t6j.fuzz;

import io.github.t6j.ModelFormatException;
import io.github.t6j.Session;
import io.github.t6j.TestData;
import io.github.t6j.family.lora.Adapters;
import io.github.t6j.json.Json;
import io.github.t6j.sampling.Sampler;
import io.github.t6j.sampling.SamplingOptions;
import io.github.t6j.tokenizer.Tokenizer;
import io.github.t6j.weights.Tensor;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.safetensors.Safetensors;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * Entry points for untrusted input. A target accepts any bytes. It returns normally if the engine refuses them with a
 * documented exception, or reads them and the result keeps its contract; any other exception is a defect. Each target
 * uses a public entry point: a file, a text, options.
 */
public final class Targets {
    /** Most elements of a tensor or ids of a file that a target reads. */
    public static final int MAX_READ = 1 << 16;
    /** Folder of the inputs, whose path messages contain. */
    public static final Path FOLDER = folder();

    /** Tokenizer of small English texts. */
    public static final Tokenizer TOKENIZER = Tokenizer.load(TestData.path("tokenizers/bpe4096"));

    private Targets() {}

    private static Path folder() {
        try {
            Path folder = Files.createTempDirectory("fuzz");
            Runtime.getRuntime().addShutdownHook(new Thread(() -> delete(folder)));
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void delete(Path folder) {
        try (var files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Writes an input to a file in {@link #FOLDER}. */
    public static Path write(String name, byte[] bytes) {
        try {
            Path file = FOLDER.resolve(name);
            Files.deleteIfExists(file); // truncating and rewriting a file is slow on some systems
            return Files.write(file, bytes);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Runs code that reads a file; it may refuse the file with a message that names it. */
    public static void mayRefuse(Runnable reading, String named) {
        try {
            reading.run();
        } catch (ModelFormatException | UncheckedIOException refused) {
            if (!String.valueOf(refused.getMessage()).contains(named)) {
                throw new AssertionError("a message that does not name " + named, refused);
            }
        }
    }

    /** Throws an error that says {@code what} is wrong unless {@code holds}. */
    public static void check(boolean holds, String what) {
        if (!holds) {
            throw new AssertionError(what);
        }
    }

    /** Reads JSON, writes it and reads it again. */
    static void json(byte[] bytes) {
        mayRefuse(() -> {
            Object value = Json.parse(bytes, "x.json");
            for (String written : List.of(Json.write(value), Json.writeLine(value))) {
                byte[] utf8 = written.getBytes(StandardCharsets.UTF_8);
                check(Objects.equals(Json.parse(utf8, "written"), value), "read other JSON than was written");
            }
        }, "x.json");
    }

    /** Reads a file of weights: safetensors, or an index of shards. */
    static void safetensors(byte[] bytes) {
        checkpoint(bytes);
    }

    static void gguf(byte[] bytes) {
        checkpoint(bytes);
    }

    /** Reads a file of torch; a pickle also inside a zip file, with the storages of most seeds. */
    static void torch(byte[] bytes) {
        checkpoint(bytes);
        if (bytes.length > 0 && bytes[0] == (byte) 0x80) {
            checkpoint(Zip.write(Map.of("m/data.pkl", bytes, "m/data/0", new byte[60], "m/data/1", new byte[40],
                    "m/data/2", new byte[8], "m/data/3", new byte[4])));
        }
    }

    private static void checkpoint(byte[] bytes) {
        Path file = write("weights", bytes);
        mayRefuse(() -> {
            try (Checkpoint checkpoint = Checkpoint.open(file, false)) {
                checkpoint.tensors().forEach(Targets::check);
            }
        }, FOLDER.toString());
    }

    /** Reads the configuration of an adapter, whose weights are sound. */
    static void adapter(byte[] bytes) {
        Path folder = write("adapter_config.json", bytes).getParent();
        Path weights = folder.resolve("adapter_model.safetensors");
        if (!Files.exists(weights)) {
            String name = "base_model.model.model.layers.0.self_attn.q_proj.lora_";
            Safetensors.write(weights, Map.of(), List.of(Tensor.of(name + "A.weight", new float[12], 3, 4),
                    Tensor.of(name + "B.weight", new float[15], 5, 3)));
        }
        mayRefuse(() -> {
            try (Adapters adapters = new Adapters(true)) {
                adapters.add(folder, 1);
                check(adapters.description().contains("LoRA, rank 3, 1 matrix"), "another adapter");
            }
        }, FOLDER.toString());
    }

    private static void check(String name, Tensor tensor) {
        check(name.equals(tensor.name()), "a tensor under another name");
        if (tensor.elementCount() <= MAX_READ) {
            check(tensor.toFloats().length == tensor.elementCount(), "another number of elements than the shape's");
        }
    }

    /**
     * Reads a tokenizer.json; if a byte is 0, the bytes before the first are vocab.json and those after it merges.txt.
     */
    static void tokenizer(byte[] bytes) {
        Tokenizer[] read = new Tokenizer[1];
        mayRefuse(() -> read[0] = Tokenizer.load(tokenizerFile(bytes)), FOLDER.toString());
        if (read[0] != null) {
            for (String text : List.of("", "the thing's  \n\n 'll",
                    "caf\u00e9 \ud83d\ude00\ud800<|endoftext|><x>\u0120")) {
                roundTrip(read[0], text, keepsText(bytes));
            }
        }
    }

    private static Path tokenizerFile(byte[] bytes) {
        String whole = new String(bytes, StandardCharsets.ISO_8859_1);
        int separator = whole.indexOf(0);
        if (separator < 0) {
            return write("tokenizer", bytes);
        }
        write("vocab.json", whole.substring(0, separator).getBytes(StandardCharsets.ISO_8859_1));
        write("merges.txt", whole.substring(separator + 1).getBytes(StandardCharsets.ISO_8859_1));
        return FOLDER;
    }

    /**
     * Returns whether the files describe a tokenizer that reproduces every text, as GPT-2's does. Normalizers and other
     * decoders change texts, and a byte without a token is skipped.
     */
    private static boolean keepsText(byte[] bytes) {
        String text = new String(bytes, StandardCharsets.UTF_8);
        int separator = text.indexOf(0);
        Map<String, Object> json = json(separator < 0 ? text : text.substring(0, separator));
        if (separator >= 0) {
            return json.keySet().containsAll(Seeds.byteTokens());
        }
        return json.get("normalizer") == null && json.get("decoder") == null
                && json.get("pre_tokenizer") instanceof Map<?, ?> cut && "ByteLevel".equals(cut.get("type"))
                && Boolean.FALSE.equals(cut.get("add_prefix_space"))
                && Json.object(Json.object(json.get("model"), "model").get("vocab"), "vocab").keySet()
                        .containsAll(Seeds.byteTokens());
    }

    private static Map<String, Object> json(String accepted) {
        return Json.parseObject(Seeds.utf8(accepted), "accepted before");
    }

    /** Encodes a text, read as UTF-8 and as UTF-16, in which surrogates may be unpaired. */
    static void text(byte[] bytes) {
        roundTrip(TOKENIZER, new String(bytes, StandardCharsets.UTF_8), true);
        StringBuilder units = new StringBuilder();
        for (int i = 0; i + 1 < bytes.length; i += 2) {
            units.append((char) (bytes[i] << 8 | bytes[i + 1] & 0xff));
        }
        roundTrip(TOKENIZER, units.toString(), true);
    }

    private static void roundTrip(Tokenizer tokenizer, String text, boolean exact) {
        // a lone surrogate is encoded as U+FFFD; the JDK's encoder would write its replacement bytes instead
        String expected = text.codePoints().map(c -> c >= 0xd800 && c <= 0xdfff ? 0xfffd : c)
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append).toString();
        for (int[] ids : List.of(tokenizer.encode(text), tokenizer.encodeWithSpecialTokens(text))) {
            for (int id : ids) {
                check(id < tokenizer.size() && tokenizer.hasText(id), "an id without a text");
            }
            check(tokenizer.decode(ids).equals(expected) || !exact, "decode(encode(text)) is another text");
        }
    }

    /** Restores a saved session, unchanged and with a corrected checksum. */
    static void session(byte[] bytes) {
        restore(bytes);
        byte[] sealed = SessionSeeds.withChecksum(bytes);
        if (sealed != null) {
            restore(sealed);
        }
    }

    private static void restore(byte[] bytes) {
        Path file = write("session", bytes);
        for (Session session : SessionSeeds.sessions()) {
            mayRefuse(() -> {
                session.restore(file);
                check(session.ids().length == session.position(), "another number of ids than positions");
                if (session.position() < session.contextLength()) {
                    session.step(1);
                    check(session.logits().length > 0, "no logits after an id");
                }
            }, FOLDER.toString());
        }
    }

    /** Samples with options and logits from the bytes: an int with three small numbers, the options, then floats. */
    static void sampler(byte[] bytes) {
        ByteBuffer in = ByteBuffer.allocate(40 + bytes.length).put(bytes).rewind();
        int small = in.getInt();
        SamplingOptions options;
        try {
            options = SamplingOptions.defaults().withTemperature(in.getFloat()).withTopK(in.getInt())
                    .withTopP(in.getFloat()).withMinP(in.getFloat())
                    .withRepetitionPenalty(in.getFloat()).withFrequencyPenalty(in.getFloat())
                    .withPresencePenalty(in.getFloat())
                    .withLogitBias(Map.of((int) (byte) small, in.getFloat())).withSeed((byte) (small >> 8));
        } catch (IllegalArgumentException refused) {
            check(refused.getMessage().contains("expected"), "a message without what was expected");
            return;
        }
        int sampleable = 1 + (small >> 16 & 15);
        float[] logits = new float[Math.max(sampleable, in.remaining() / Float.BYTES)];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = in.remaining() < Float.BYTES ? i : in.getFloat();
        }
        sample(options, logits, sampleable);
    }

    private static void sample(SamplingOptions options, float[] logits, int sampleable) {
        try {
            Sampler sampler = new Sampler(options, logits.length, sampleable);
            for (int i = 0; i < 4; i++) {
                int id = sampler.sample(logits);
                check(id >= 0 && id < sampleable, "an id that may not be chosen");
                check(logits[id] > Float.NEGATIVE_INFINITY, "an id of no probability");
                sampler.accept(id);
            }
        } catch (IllegalArgumentException refused) {
            check(refused.getMessage().startsWith("logitBias"), "refused: " + refused.getMessage());
        } catch (IllegalStateException refused) {
            check(refused.getMessage().startsWith("logits"), "refused: " + refused.getMessage());
        }
    }
}
