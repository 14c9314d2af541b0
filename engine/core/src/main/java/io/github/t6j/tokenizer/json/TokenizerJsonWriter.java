package io.github.t6j.tokenizer.json;

import io.github.t6j.tokenizer.bpe.Decoding;
import io.github.t6j.tokenizer.bpe.ScoredMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.Merge;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.RankedMerges;
import io.github.t6j.tokenizer.bpe.TokenizerDefinition.ScoredTokens;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Splitter;
import io.github.t6j.tokenizer.split.Splitters;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Makes the tokenizer.json of a definition, in the order of Hugging Face's library, which reads it, as {@link
 * TokenizerJson} does. BPE of scored tokens becomes the list of its merges, as that library has no scores.
 */
public final class TokenizerJsonWriter {
    private TokenizerJsonWriter() {}

    /** @param normalizers the definition's, as the file has them */
    public static Map<String, Object> json(TokenizerDefinition definition, List<Map<String, Object>> normalizers) {
        return ordered("version", "1.0", "truncation", null, "padding", null,
                "added_tokens", definition.addedTokens().stream().map(TokenizerJsonWriter::addedToken).toList(),
                "normalizer", sequence("normalizers", normalizers),
                "pre_tokenizer", sequence("pretokenizers", preTokenizers(definition)),
                "post_processor", postProcessor(definition),
                "decoder", sequence("decoders", decoders(definition)),
                "model", model(definition));
    }

    /** Returns {@code {"type": type, key: value, …}}. */
    static Map<String, Object> part(String type, Object... keysAndValues) {
        Map<String, Object> part = ordered("type", type);
        part.putAll(ordered(keysAndValues));
        return part;
    }

    /** Returns {@code {key: value, …}}. */
    static Map<String, Object> ordered(Object... keysAndValues) {
        Map<String, Object> map = new LinkedHashMap<>();
        for (int i = 0; i < keysAndValues.length; i += 2) {
            map.put((String) keysAndValues[i], keysAndValues[i + 1]);
        }
        return map;
    }

    private static Map<String, Object> sequence(String key, List<Map<String, Object>> parts) {
        return switch (parts.size()) {
            case 0 -> null;
            case 1 -> parts.getFirst();
            default -> part("Sequence", key, parts);
        };
    }

    private static Map<String, Object> addedToken(AddedToken token) {
        return ordered("id", (long) token.id(), "content", token.content(), "single_word", token.singleWord(),
                "lstrip", token.lstrip(), "rstrip", token.rstrip(), "normalized", token.normalized(),
                "special", token.special());
    }

    private static List<Map<String, Object>> preTokenizers(TokenizerDefinition definition) {
        List<Map<String, Object>> parts = new ArrayList<>();
        boolean regex = false;
        for (Splitter splitter : definition.preparation().splitters()) {
            if (splitter == Splitters.DIGITS) {
                parts.add(part("Digits", "individual_digits", true));
            } else if (splitter == Splitters.GPT2) {
                regex = true; // ByteLevel itself splits
            } else {
                parts.add(part("Split", "pattern", Map.of("Regex", Splitters.regexOf(splitter)), "behavior", "Isolated",
                        "invert", false));
            }
        }
        if (definition.model().byteLevel()) {
            parts.add(byteLevel(false, regex));
        }
        return parts;
    }

    private static Map<String, Object> byteLevel(boolean addPrefixSpace, boolean regex) {
        return part("ByteLevel", "add_prefix_space", addPrefixSpace, "trim_offsets", true, "use_regex", regex);
    }

    private static Map<String, Object> postProcessor(TokenizerDefinition definition) {
        int first = definition.marks().prompt();
        List<Integer> appended = definition.marks().appended();
        if (first == TokenizerDefinition.NONE && appended.isEmpty()) {
            return null;
        }
        Map<String, Object> special = new LinkedHashMap<>();
        List<Object> begin = first == TokenizerDefinition.NONE ? List.of() : List.of(mark(definition, first, special));
        List<Object> end = appended.stream().map(id -> (Object) mark(definition, id, special)).toList();
        List<Object> single = new ArrayList<>(begin);
        single.add(Map.of("Sequence", ordered("id", "A", "type_id", 0L)));
        single.addAll(end);
        List<Object> pair = new ArrayList<>(single);
        pair.add(Map.of("Sequence", ordered("id", "B", "type_id", 1L)));
        pair.addAll(end);
        return part("TemplateProcessing", "single", single, "pair", pair, "special_tokens", special);
    }

    /** Returns a template's item of the token {@code id}, and adds the token to {@code special}. */
    private static Map<String, Object> mark(TokenizerDefinition definition, int id, Map<String, Object> special) {
        String token = definition.token(id);
        special.put(token, ordered("id", token, "ids", List.of((long) id), "tokens", List.of(token)));
        return Map.of("SpecialToken", ordered("id", token, "type_id", 0L));
    }

    private static List<Map<String, Object>> decoders(TokenizerDefinition definition) {
        Decoding decoding = definition.decoding();
        if (decoding.byteLevel()) {
            return List.of(byteLevel(true, true));
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
        return part("BPE", "dropout", null, "unk_token", model.unknown(), "continuing_subword_prefix", "",
                "end_of_word_suffix", "", "fuse_unk", model.fuseUnknown(), "byte_fallback", model.byteFallback(),
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
