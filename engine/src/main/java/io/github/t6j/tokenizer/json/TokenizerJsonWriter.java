package io.github.t6j.tokenizer.json;

import io.github.t6j.tokenizer.bpe.Decoding;
import io.github.t6j.tokenizer.bpe.ScoredMerges;
import io.github.t6j.tokenizer.json.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.json.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.json.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Splitter;
import io.github.t6j.tokenizer.split.Splitters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the tokenizer.json of a definition that another format has given: {@link TokenizerJson} and Hugging Face's library
 * read it. BPE of scored tokens becomes the list of its merges, as that library has no scores.
 */
final class TokenizerJsonWriter {
    private static final String TYPE = "type";

    private TokenizerJsonWriter() {}

    /** @param normalizers the definition's, as the file has them */
    static Map<String, Object> json(TokenizerDefinition definition, List<Map<String, Object>> normalizers) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("version", "1.0");
        json.put("truncation", null);
        json.put("padding", null);
        json.put("added_tokens", definition.addedTokens().stream().map(TokenizerJsonWriter::addedToken).toList());
        json.put("normalizer", sequence("normalizers", normalizers));
        json.put("pre_tokenizer", sequence("pretokenizers", preTokenizers(definition)));
        json.put("post_processor", postProcessor(definition));
        json.put("decoder", sequence("decoders", decoders(definition)));
        json.put("model", model(definition));
        return json;
    }

    /** {@code {"type": type, key: value, …}}. */
    static Map<String, Object> part(String type, Object... keysAndValues) {
        Map<String, Object> part = new LinkedHashMap<>();
        part.put(TYPE, type);
        for (int i = 0; i < keysAndValues.length; i += 2) {
            part.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return part;
    }

    private static Map<String, Object> sequence(String key, List<Map<String, Object>> parts) {
        return switch (parts.size()) {
            case 0 -> null;
            case 1 -> parts.getFirst();
            default -> part("Sequence", key, parts);
        };
    }

    private static Map<String, Object> addedToken(AddedToken token) {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("id", (long) token.id());
        json.put("content", token.content());
        json.put("single_word", token.singleWord());
        json.put("lstrip", token.lstrip());
        json.put("rstrip", token.rstrip());
        json.put("normalized", token.normalized());
        json.put("special", token.special());
        return json;
    }

    private static List<Map<String, Object>> preTokenizers(TokenizerDefinition definition) {
        List<Map<String, Object>> parts = new ArrayList<>();
        boolean regex = false;
        for (Splitter splitter : definition.preparation().splitters()) {
            if (splitter == Splitters.DIGITS) {
                parts.add(part("Digits", "individual_digits", true));
            } else if (splitter == Splitters.GPT2) {
                regex = true; // ByteLevel's own
            } else {
                parts.add(part("Split", "pattern", Map.of("Regex", Splitters.regexOf(splitter)), "behavior", "Isolated",
                        "invert", false));
            }
        }
        if (definition.model().byteLevel()) {
            parts.add(byteLevel(regex));
        }
        return parts;
    }

    private static Map<String, Object> byteLevel(boolean regex) {
        return part("ByteLevel", "add_prefix_space", false, "trim_offsets", true, "use_regex", regex);
    }

    private static Map<String, Object> postProcessor(TokenizerDefinition definition) {
        int id = definition.marks().prompt();
        if (id == TokenizerDefinition.NONE) {
            return null;
        }
        String token = definition.token(id);
        Map<String, Object> begin = Map.of("SpecialToken", ordered("id", token, "type_id", 0L));
        Map<String, Object> text = Map.of("Sequence", ordered("id", "A", "type_id", 0L));
        Map<String, Object> second = Map.of("Sequence", ordered("id", "B", "type_id", 1L));
        return part("TemplateProcessing", "single", List.of(begin, text), "pair", List.of(begin, text, second),
                "special_tokens",
                Map.of(token, ordered("id", token, "ids", List.of((long) id), "tokens", List.of(token))));
    }

    private static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = part("", keysAndValues);
        map.remove(TYPE);
        return map;
    }

    private static List<Map<String, Object>> decoders(TokenizerDefinition definition) {
        Decoding decoding = definition.decoding();
        if (decoding.byteLevel()) {
            return List.of(byteLevel(true));
        }
        List<Map<String, Object>> steps = new ArrayList<>(List.of(
                part("Replace", "pattern", Map.of("String", String.valueOf(Metaspace.MARK)), "content", " "),
                part("ByteFallback"), part("Fuse")));
        if (decoding.start() == Decoding.Start.STRIPPED) {
            steps.add(part("Strip", "content", " ", "start", 1L, "stop", 0L));
        }
        return steps;
    }

    private static Map<String, Object> model(TokenizerDefinition definition) {
        TokenizerDefinition.Model model = definition.model();
        Map<String, Object> vocabulary = new LinkedHashMap<>();
        definition.vocabulary().forEach((token, id) -> vocabulary.put(token, (long) id));
        List<Merge> merges = switch (model.merges()) {
            case RankedMerges ranked -> ranked.list();
            case ScoredTokens scored -> ScoredMerges.list(definition, scored);
        };
        return part("BPE", "dropout", null, "unk_token", model.unknown(), "continuing_subword_prefix", null,
                "end_of_word_suffix", null, "fuse_unk", model.fuseUnknown(), "byte_fallback", model.byteFallback(),
                "ignore_merges", model.ignoreMerges(), "vocab", vocabulary, "merges", merges(merges));
    }

    /** Lines, which all versions of the library read; pairs where a token has a space. */
    private static List<Object> merges(List<Merge> merges) {
        boolean lines = merges.stream().noneMatch(merge -> merge.result().indexOf(' ') >= 0);
        List<Object> list = new ArrayList<>(merges.size());
        for (Merge merge : merges) {
            list.add(lines ? merge.left() + " " + merge.right() : List.of(merge.left(), merge.right()));
        }
        return list;
    }
}
