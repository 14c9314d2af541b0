package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Splitters;
import io.github.t6j.tokenizer.split.Utf8;
import io.github.t6j.weights.CopiedFile;
import io.github.t6j.weights.SmallFile;
import io.github.t6j.weights.checkpoint.Checkpoint;
import io.github.t6j.weights.checkpoint.CheckpointFiles;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/** Finds a tokenizer's files in a folder or next to weights, and reads GPT-2's two-file form. */
public final class TokenizerFiles {
    /** Limit of ids, far above any vocabulary, so that a wrong id cannot allocate gigabytes. */
    private static final int MAX_ID = (1 << 24) - 1;

    static final String TOKENIZER_JSON = "tokenizer.json";
    private static final String GGUF = ".gguf";
    private static final List<Pair> PAIRS =
            List.of(new Pair("vocab.json", "merges.txt"), new Pair("encoder.json", "vocab.bpe"));

    private record Pair(String vocabulary, String merges) {
        boolean existsIn(Path folder) {
            return exists(folder.resolve(vocabulary)) && exists(folder.resolve(merges));
        }
    }

    private TokenizerFiles() {}

    public static boolean existIn(Path folder) {
        return exists(folder.resolve(TOKENIZER_JSON)) || PAIRS.stream().anyMatch(p -> p.existsIn(folder));
    }

    /** Returns true if {@code file} exists; true for a broken link too, so that reading it reports an error. */
    private static boolean exists(Path file) {
        return Files.exists(file, LinkOption.NOFOLLOW_LINKS);
    }

    /** Reads a tokenizer.json, or a weight file's tokenizer: inside it if it is GGUF, otherwise next to it. */
    public static TokenizerDefinition read(Path path) {
        if (!Files.isRegularFile(path)) {
            return readFolder(path);
        }
        Path folder = path.toAbsolutePath().getParent();
        if (!CheckpointFiles.mayHoldWeights(path)) {
            return TokenizerConfig.complete(TokenizerJson.read(path), folder);
        }
        TokenizerDefinition inFile = path.toString().endsWith(GGUF) ? readGguf(path) : null;
        return inFile == null ? readFolder(folder) : inFile;
    }

    /** Returns the tokenizer inside a GGUF file, or null. */
    private static TokenizerDefinition readGguf(Path file) {
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            return definitionInGguf(checkpoint.gguf(), file.toString());
        }
    }

    /** Returns the tokenizer of a folder: from its own files, or else from its only GGUF file. */
    private static TokenizerDefinition readFolder(Path folder) {
        return onlyGguf(folder).map(TokenizerFiles::readGguf)
                .orElseGet(() -> TokenizerConfig.complete(readFiles(folder), folder));
    }

    /**
     * Returns the files of the tokenizer that {@link #read} finds, by name, for the folder of another model. The
     * tokenizer of a GGUF file becomes tokenizer.json and tokenizer_config.json. Empty if a folder has none.
     */
    public static Map<String, byte[]> copy(Path path) {
        if (!Files.isRegularFile(path)) {
            return copyFolder(path);
        }
        Path folder = path.toAbsolutePath().getParent();
        if (!CheckpointFiles.mayHoldWeights(path)) {
            Map<String, byte[]> files = new LinkedHashMap<>(CopiedFile.tokenizer(folder));
            files.put(TOKENIZER_JSON, SmallFile.read(path, SmallFile.TOKENIZER));
            return files;
        }
        Map<String, byte[]> inFile = path.toString().endsWith(GGUF) ? copyGguf(path) : Map.of();
        return inFile.isEmpty() ? copyFolder(folder) : inFile;
    }

    private static Map<String, byte[]> copyFolder(Path folder) {
        return onlyGguf(folder).map(TokenizerFiles::copyGguf).filter(files -> !files.isEmpty())
                .orElseGet(() -> CopiedFile.tokenizer(folder));
    }

    /** Returns the only GGUF file of a folder that has no other tokenizer. */
    private static Optional<Path> onlyGguf(Path folder) {
        return existIn(folder) ? Optional.empty() : CheckpointFiles.only(folder, GGUF);
    }

    private static Map<String, byte[]> copyGguf(Path file) {
        try (Checkpoint checkpoint = Checkpoint.open(file, true)) {
            return filesOfGguf(checkpoint.gguf(), file.toString());
        }
    }

    /**
     * Returns the tokenizer in the keys of a GGUF file, or null if it has none.
     *
     * @param where name of the file in errors
     * @throws ModelFormatException if the kind of tokenizer is not supported
     */
    public static TokenizerDefinition definitionInGguf(Map<String, Object> keys, String where) {
        return GgufTokenizer.isIn(keys) ? GgufTokenizer.read(keys, where) : null;
    }

    /**
     * Returns the tokenizer in the keys of a GGUF file as the files of a model's folder: tokenizer.json and
     * tokenizer_config.json, which contains the chat template, by name. Hugging Face's library gets the same ids from
     * them. Empty if the file has none.
     *
     * @throws ModelFormatException if the kind of tokenizer is not supported
     */
    public static Map<String, byte[]> filesOfGguf(Map<String, Object> keys, String where) {
        return GgufTokenizer.isIn(keys) ? GgufTokenizer.files(keys, where) : Map.of();
    }

    private static TokenizerDefinition readFiles(Path path) {
        if (exists(path.resolve(TOKENIZER_JSON))) {
            return TokenizerJson.read(path.resolve(TOKENIZER_JSON));
        }
        for (Pair pair : PAIRS) {
            if (pair.existsIn(path)) {
                TokenizerConfig.checkGpt2(path);
                Path words = path.resolve(pair.vocabulary);
                Path merges = path.resolve(pair.merges);
                return twoFiles(words.toString(), SmallFile.read(words, SmallFile.TOKENIZER),
                        merges.toString(), SmallFile.read(merges, SmallFile.TOKENIZER));
            }
        }
        throw new ModelFormatException(path + ": expected a tokenizer (tokenizer.json; or vocab.json and merges.txt; or"
                + " encoder.json and vocab.bpe), found " + found(path) + "; copy them from the model's origin");
    }

    private static String found(Path folder) {
        if (!Files.isDirectory(folder)) {
            return "no such folder";
        }
        List<String> exists = PAIRS.stream()
                .flatMap(pair -> List.of(pair.vocabulary, pair.merges).stream())
                .filter(name -> Files.exists(folder.resolve(name)))
                .toList();
        return exists.isEmpty() ? "none of these" : "only " + String.join(", ", exists);
    }

    /** Advice where the resources of GPT-2's tokenizer are missing. */
    public static final String ADD_GPT2 = "add the artifact io.github.t6j:t6j-gpt2 (module io.github.t6j.gpt2)";

    /** Folder of GPT-2's vocabulary. It is not the name of a package, so its resources belong to no module. */
    private static final String GPT2 = "t6j-gpt2/";

    /** Returns true if the artifact with GPT-2's vocabulary is on the class path or in the module graph. */
    public static boolean hasGpt2() {
        return TokenizerFiles.class.getClassLoader().getResource(GPT2 + "encoder.json") != null;
    }

    /**
     * Returns GPT-2's tokenizer.
     *
     * @throws IllegalStateException if the artifact with its vocabulary is missing
     */
    public static TokenizerDefinition gpt2() {
        if (!hasGpt2()) {
            throw new IllegalStateException("GPT-2's tokenizer is missing: " + ADD_GPT2);
        }
        return twoFiles("encoder.json", resource("encoder.json"), "vocab.bpe", resource("vocab.bpe"));
    }

    private static byte[] resource(String name) {
        try (InputStream in = TokenizerFiles.class.getClassLoader().getResourceAsStream(GPT2 + name)) {
            return Objects.requireNonNull(in, "the resource " + GPT2 + name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(GPT2 + name + ": cannot be read", e);
        }
    }

    private static TokenizerDefinition twoFiles(
            String vocabularyName, byte[] vocabularyJson, String mergesName, byte[] mergeLines) {
        Map<String, Integer> vocabulary = vocabulary(Json.parseObject(vocabularyJson, vocabularyName), vocabularyName);
        List<AddedToken> added = new ArrayList<>();
        addEndOfText(vocabulary, added);
        return TokenizerDefinition.byteLevel(
                vocabularyName, vocabulary, new RankedMerges(mergesName, merges(mergeLines, mergesName)), added,
                List.of(), List.of(Splitters.GPT2), false);
    }

    private static List<Merge> merges(byte[] bytes, String name) {
        List<Merge> merges = new ArrayList<>();
        List<String> lines = new String(bytes, StandardCharsets.UTF_8).lines().toList();
        for (int i = 0; i < lines.size(); i++) {
            String line = lines.get(i);
            if (!line.isEmpty() && !line.startsWith("#version")) {
                merges.add(merge(line, name + ": line " + (i + 1)));
            }
        }
        return merges;
    }

    /** Returns a merge that is written as two tokens separated by a space. */
    static Merge merge(String line, String where) {
        int space = line.indexOf(' ');
        if (space <= 0 || space != line.lastIndexOf(' ') || space == line.length() - 1) {
            throw new ModelFormatException(
                    where + ": expected two tokens separated by a space, found \"" + line + "\"");
        }
        return new Merge(line.substring(0, space), line.substring(space + 1));
    }

    /** Returns the vocabulary of a JSON object that maps tokens to ids. */
    static Map<String, Integer> vocabulary(Map<String, Object> json, String where) {
        Map<String, Integer> vocabulary = LinkedHashMap.newLinkedHashMap(json.size());
        json.forEach((token, id) -> vocabulary.put(token, id(id, where, token)));
        return vocabulary;
    }

    /** Returns {@code value} as the id of {@code token}. */
    static int id(Object value, String where, String token) {
        if (!Utf8.isWellFormed(token)) {
            throw new ModelFormatException(where + ": token " + Json.writeLine(token)
                    + ": expected Unicode text, found a lone surrogate in it");
        }
        if (value instanceof Long id && id >= 0 && id <= MAX_ID) {
            return id.intValue();
        }
        throw new ModelFormatException(
                where + ": token \"" + token + "\": expected an id from 0 to " + MAX_ID + ", found " + value);
    }

    /** Adds the only special token of GPT-2's own files, whose vocabulary does not mark it as special. */
    static void addEndOfText(Map<String, Integer> vocabulary, List<AddedToken> added) {
        Integer id = vocabulary.get(TokenizerDefinition.END_OF_TEXT);
        if (id != null && added.stream().noneMatch(t -> t.content().equals(TokenizerDefinition.END_OF_TEXT))) {
            added.add(new AddedToken(TokenizerDefinition.END_OF_TEXT, id, true));
        }
    }
}
