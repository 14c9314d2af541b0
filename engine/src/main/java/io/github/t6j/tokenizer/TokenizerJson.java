package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.TokenizerDefinition.Merge;
import io.github.t6j.weights.SmallFile;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Reads a tokenizer.json of Hugging Face's tokenizers library. Whatever in it would give other ids than GPT-2's
 * algorithm does is refused by name.
 */
final class TokenizerJson {
    private static final String HINT =
            "; use a tokenizer.json of GPT-2's kind (BPE, no normalizer, pre_tokenizer ByteLevel with use_regex true"
                    + " and add_prefix_space false)";

    private final String file;

    private TokenizerJson(Path file) {
        this.file = file.toString();
    }

    static TokenizerDefinition read(Path path) {
        TokenizerJson reader = new TokenizerJson(path);
        return reader.read(Json.parseObject(SmallFile.read(path, SmallFile.TOKENIZER), reader.file));
    }

    private TokenizerDefinition read(Map<String, Object> json) {
        Map<String, Object> model = Json.object(json.get("model"), file + ": model");
        expect("model.type", "BPE", model.get("type"));
        checkModel(model);
        expect("normalizer", null, json.get("normalizer"));
        checkPreTokenizer(json.get("pre_tokenizer"), "pre_tokenizer");
        String vocabularyName = file + ": model.vocab";
        String mergesName = file + ": model.merges";
        Map<String, Integer> vocabulary =
                TokenizerFiles.vocabulary(Json.object(model.get("vocab"), vocabularyName), vocabularyName);
        List<AddedToken> added = addedTokens(json.get("added_tokens"));
        TokenizerFiles.addEndOfText(vocabulary, added);
        return new TokenizerDefinition(
                vocabularyName, vocabulary, mergesName, merges(Json.array(model.get("merges"), mergesName)), added);
    }

    private void checkModel(Map<String, Object> model) {
        expectDefault(model, "dropout", null);
        expectDefault(model, "continuing_subword_prefix", "");
        expectDefault(model, "end_of_word_suffix", "");
        expectDefault(model, "byte_fallback", false);
        expectDefault(model, "ignore_merges", false);
    }

    private void expectDefault(Map<String, Object> model, String key, Object expected) {
        if (model.get(key) != null) {
            expect("model." + key, expected, model.get(key));
        }
    }

    private void checkPreTokenizer(Object value, String name) {
        Map<String, Object> preTokenizer = Json.object(value, file + ": " + name);
        if ("Sequence".equals(preTokenizer.get("type"))) {
            List<Object> steps = Json.array(preTokenizer.get("pretokenizers"), file + ": " + name + ".pretokenizers");
            if (steps.size() != 1) {
                throw error(name, "ByteLevel alone", "a Sequence of " + steps.size());
            }
            checkPreTokenizer(steps.getFirst(), name + ".pretokenizers[0]");
            return;
        }
        expect(name + ".type", "ByteLevel", preTokenizer.get("type"));
        expect(name + ".add_prefix_space", false, preTokenizer.get("add_prefix_space"));
        // files from before there was the key mean true
        expect(name + ".use_regex", true, preTokenizer.getOrDefault("use_regex", true));
    }

    private List<Merge> merges(List<Object> list) {
        List<Merge> merges = new ArrayList<>(list.size());
        for (Object merge : list) {
            String where = file + ": model.merges[" + merges.size() + "]";
            if (merge instanceof String line) {
                merges.add(TokenizerFiles.merge(line, where));
            } else if (merge instanceof List<?> pair && pair.size() == 2
                    && pair.get(0) instanceof String left && pair.get(1) instanceof String right) {
                merges.add(new Merge(left, right));
            } else {
                throw new ModelFormatException(where + ": expected \"a b\" or [\"a\", \"b\"], found " + merge);
            }
        }
        return merges;
    }

    private List<AddedToken> addedTokens(Object value) {
        List<AddedToken> tokens = new ArrayList<>();
        if (value != null) {
            for (Object element : Json.array(value, file + ": added_tokens")) {
                String name = "added_tokens[" + tokens.size() + "]";
                tokens.add(addedToken(Json.object(element, file + ": " + name), name));
            }
        }
        return tokens;
    }

    private AddedToken addedToken(Map<String, Object> json, String name) {
        if (!(json.get("content") instanceof String content) || content.isEmpty()) {
            throw new ModelFormatException(
                    file + ": " + name + ".content: expected a text, found " + json.get("content"));
        }
        for (String option : List.of("single_word", "lstrip", "rstrip")) {
            expect(name + "." + option, false, json.getOrDefault(option, false));
        }
        boolean special = Boolean.TRUE.equals(json.get("special")) || content.equals(TokenizerDefinition.END_OF_TEXT);
        return new AddedToken(content, TokenizerFiles.id(json.get("id"), file + ": " + name, content), special);
    }

    private void expect(String name, Object expected, Object found) {
        if (expected == null ? found != null : !expected.equals(found)) {
            throw error(name, String.valueOf(expected), found instanceof Map<?, ?> map && map.containsKey("type")
                    ? String.valueOf(map.get("type"))
                    : String.valueOf(found));
        }
    }

    private ModelFormatException error(String name, String expected, String found) {
        return new ModelFormatException(file + ": " + name + ": expected " + expected + ", found " + found + HINT);
    }
}
