package io.github.t6j.tokenizer;

import io.github.t6j.ModelFormatException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A tokenizer as its files describe it. The parts are those of a tokenizer.json; other formats make the same.
 *
 * @param vocabularySource what to call the origin of {@code vocabulary} in an error
 * @param vocabulary each token, in a byte-level model its bytes written in {@link ByteAlphabet}, with its id
 * @param addedTokens which are found before anything else is done
 */
record TokenizerDefinition(
        String vocabularySource,
        Map<String, Integer> vocabulary,
        List<AddedToken> addedTokens,
        Preparation preparation,
        Model model,
        Decoding decoding,
        TextMarks marks) {

    static final String END_OF_TEXT = "<|endoftext|>";

    /** No id. */
    static final int NONE = -1;

    /** What is done to text before symbols merge: first one of these, and then the next. */
    record Preparation(List<Normalizer> normalizers, Metaspace metaspace, List<Splitter> splitters) {}

    /**
     * How symbols merge.
     *
     * @param byteLevel whether the symbols are bytes; else they are characters
     * @param merges what merges
     * @param ignoreMerges whether a piece that is a token as a whole becomes that token, merges or not
     * @param byteFallback whether a character that is no token becomes its bytes' tokens, {@code <0x00>} to
     *     {@code <0xFF>}
     * @param unknown the token for other characters that are none; null: they are left out
     * @param fuseUnknown whether a run of these is one token
     */
    record Model(
            boolean byteLevel,
            Merges merges,
            boolean ignoreMerges,
            boolean byteFallback,
            String unknown,
            boolean fuseUnknown) {}

    /** Which neighbours merge, and which of them first. */
    sealed interface Merges permits RankedMerges, ScoredTokens {}

    /**
     * A list of merges.
     *
     * @param source what to call its origin in an error
     * @param list by rank: the first is the most urgent
     */
    record RankedMerges(String source, List<Merge> list) implements Merges {}

    /** Two tokens that stand side by side become one. */
    record Merge(String left, String right) {
        String result() {
            return left + right;
        }
    }

    /**
     * SentencePiece's way: any neighbours merge that make a token, those of the highest score first.
     *
     * @param source what to call the origin of the scores in an error
     * @param byId the scores; NaN where no neighbours make the token, nor does it merge: control, unknown, byte
     */
    record ScoredTokens(String source, float[] byId) implements Merges {}

    /**
     * Ids that mark where a text begins and ends, or {@link #NONE}.
     *
     * @param prompt what a prompt begins with
     * @param beginning the beginning of text, also where prompts are not to begin with it
     */
    record TextMarks(int prompt, int beginning, int end) {
        static final TextMarks NONE = new TextMarks(
                TokenizerDefinition.NONE, TokenizerDefinition.NONE, TokenizerDefinition.NONE);
    }

    /** Byte-level BPE, GPT-2's and after. */
    static TokenizerDefinition byteLevel(
            String vocabularySource,
            Map<String, Integer> vocabulary,
            RankedMerges merges,
            List<AddedToken> addedTokens,
            List<Normalizer> normalizers,
            List<Splitter> splitters,
            boolean ignoreMerges) {
        return new TokenizerDefinition(
                vocabularySource,
                vocabulary,
                addedTokens,
                new Preparation(normalizers, Metaspace.NONE, splitters),
                new Model(true, merges, ignoreMerges, false, null, false),
                Decoding.BYTE_LEVEL,
                TextMarks.NONE);
    }

    /**
     * BPE as SentencePiece has it: symbols are characters, a ▁ stands for each space, and bytes for what is unknown.
     *
     * @param addSpace whether a ▁ is put before the text, and before what follows each added token
     */
    static TokenizerDefinition sentencePiece(
            String vocabularySource,
            Map<String, Integer> vocabulary,
            Merges merges,
            List<AddedToken> addedTokens,
            boolean addSpace) {
        String mark = String.valueOf(Metaspace.MARK);
        Normalizer spaces = Normalizer.replace(" ", mark);
        return new TokenizerDefinition(
                vocabularySource,
                vocabulary,
                addedTokens,
                new Preparation(
                        addSpace ? List.of(Normalizer.prepend(mark), spaces) : List.of(spaces),
                        Metaspace.NONE,
                        List.of()),
                new Model(false, merges, false, true, null, false),
                new Decoding(false, true, true, addSpace ? Decoding.Start.STRIPPED : Decoding.Start.KEPT),
                TextMarks.NONE);
    }

    /**
     * The vocabulary of a list of tokens, whose indices are the ids.
     *
     * @throws ModelFormatException if a token is there twice
     */
    static Map<String, Integer> vocabulary(String source, List<String> tokens) {
        Map<String, Integer> vocabulary = LinkedHashMap.newLinkedHashMap(tokens.size());
        for (String token : tokens) {
            Integer other = vocabulary.putIfAbsent(token, vocabulary.size());
            if (other != null) {
                throw new ModelFormatException(source + ": expected each token once, found \"" + token + "\" as "
                        + other + " and " + vocabulary.size());
            }
        }
        return vocabulary;
    }

    TokenizerDefinition with(TextMarks other) {
        return new TokenizerDefinition(
                vocabularySource, vocabulary, addedTokens, preparation, model, decoding, other);
    }

    /** The id of a token, or {@link #NONE}. */
    int id(String token) {
        return addedTokens.stream()
                .filter(added -> added.content().equals(token))
                .mapToInt(AddedToken::id)
                .findFirst()
                .orElseGet(() -> vocabulary.getOrDefault(token, NONE));
    }

    /** The token of an id that the vocabulary has. */
    String token(int id) {
        return vocabulary.entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }
}
