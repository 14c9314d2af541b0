package io.github.t6j.tokenizer.json;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.TextMarks;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the tokens that begin and end a text from tokenizer_config.json, as Hugging Face's transformers does. */
record TokenizerConfig(Path file, Map<String, Object> json) {
    static final String NAME = "tokenizer_config.json";

    /** Classes for which add_bos_token and add_eos_token decide; others follow their tokenizer.json. */
    private static final Set<String> LLAMA =
            Set.of("LlamaTokenizer", "LlamaTokenizerFast", "GemmaTokenizer", "GemmaTokenizerFast");

    private static final Set<String> GPT2 = Set.of("GPT2Tokenizer", "GPT2TokenizerFast");

    /** Reads the folder's tokenizer_config.json; it has no keys if the file does not exist. */
    private static TokenizerConfig of(Path folder) {
        Path file = folder.resolve(NAME);
        return new TokenizerConfig(file, Files.exists(file, LinkOption.NOFOLLOW_LINKS)
                ? Json.parseObject(SmallFile.read(file, SmallFile.TOKENIZER), file.toString())
                : Map.of());
    }

    /** Returns {@code definition} with the additions of the folder's tokenizer_config.json, if it exists. */
    static TokenizerDefinition complete(TokenizerDefinition definition, Path folder) {
        return definition.with(of(folder).marks(definition));
    }

    /**
     * Fails if the folder's tokenizer_config.json declares that vocab.json and merges.txt belong to another tokenizer
     * than GPT-2's.
     */
    static void checkGpt2(Path folder) {
        TokenizerConfig config = of(folder);
        String found = config.tokenizerClass();
        if (!found.isEmpty() && !GPT2.contains(found)) {
            throw ModelFormatException.unsupported(config.file
                    + ": tokenizer_class: expected GPT2Tokenizer, since only its two"
                    + " files are complete, found " + found + ": copy the model's tokenizer.json there");
        }
    }

    private String tokenizerClass() {
        return json.get("tokenizer_class") instanceof String name ? name : "";
    }

    private TextMarks marks(TokenizerDefinition definition) {
        int beginning = definition.id(token("bos_token"));
        int prompt = definition.marks().prompt();
        if (json.get("add_bos_token") instanceof Boolean adds && LLAMA.contains(tokenizerClass())) {
            prompt = adds ? beginning : TokenizerDefinition.NONE;
            if (adds && beginning < 0) {
                throw new ModelFormatException(file + ": bos_token: expected a token of the tokenizer, as add_bos_token"
                        + " is true, found " + json.get("bos_token"));
            }
        }
        int end = definition.id(token("eos_token"));
        return new TextMarks(prompt, prompt < 0 ? beginning : prompt, end, appended(definition, end));
    }

    private List<Integer> appended(TokenizerDefinition definition, int end) {
        if (!(json.get("add_eos_token") instanceof Boolean adds) || !LLAMA.contains(tokenizerClass())) {
            return definition.marks().appended();
        }
        return adds && end >= 0 ? List.of(end) : List.of();
    }

    /** Returns the text of a token: a string, or the content of an object; null is not a token. */
    private String token(String key) {
        return switch (json.get(key)) {
            case null -> null;
            case String text -> text;
            case Map<?, ?> map when map.get("content") instanceof String text -> text;
            default ->
                throw new ModelFormatException(file + ": " + key + ": expected a string, or an object with content,"
                        + " found " + json.get(key));
        };
    }
}
