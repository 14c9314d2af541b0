package io.github.t6j.tokenizer.bpe;

import io.github.t6j.ModelFormatException;
import io.github.t6j.tokenizer.split.AddedToken;
import io.github.t6j.tokenizer.split.Metaspace;
import io.github.t6j.tokenizer.split.Normalizer;
import io.github.t6j.tokenizer.split.Splitter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Description of a tokenizer from its files. It has the parts of a tokenizer.json; readers of other formats produce the
 * same parts.
 *
 * @param vocabularySource name of the vocabulary's origin in errors
 * @param vocabulary each token with its id; tokens of a byte-level model are in {@code ByteAlphabet}
 * @param addedTokens tokens that are split off before anything else
 */
public record TokenizerDefinition(
        String vocabularySource,
        Map<String, Integer> vocabulary,
        List<AddedToken> addedTokens,
        Preparation preparation,
        Model model,
        Decoding decoding,
        TextMarks marks) {

    public static final String END_OF_TEXT = "<|endoftext|>";

    /** Absent id. */
    public static final int NONE = -1;

    /** Steps applied to text before symbols merge, in order. */
    public record Preparation(List<Normalizer> normalizers, Metaspace metaspace, List<Splitter> splitters) {}

    /**
     * Merging of symbols.
     *
     * @param byteLevel true if symbols are bytes, false if they are characters
     * @param merges the pairs that merge
     * @param ignoreMerges true if a piece that is a token becomes that token, regardless of merges
     * @param byteFallback true if a character that is not a token becomes its bytes' tokens, {@code <0x00>} to {@code
     *     <0xFF>}
     * @param unknown token for other characters that are not tokens; null drops them
     * @param fuseUnknown true if a run of unknown characters becomes one token
     */
    public record Model(
            boolean byteLevel,
            Merges merges,
            boolean ignoreMerges,
            boolean byteFallback,
            String unknown,
            boolean fuseUnknown) {}

    /** Pairs of neighbours that merge, and their order. */
    public sealed interface Merges permits RankedMerges, ScoredTokens {}

    /**
     * A list of merges.
     *
     * @param source name of its origin in errors
     * @param list merges by rank, the first to be applied first
     */
    public record RankedMerges(String source, List<Merge> list) implements Merges {}

    /** Pair of adjacent tokens that becomes one token. */
    public record Merge(String left, String right) {
        public String result() {
            return left + right;
        }
    }

    /**
     * SentencePiece's merges: any neighbours that form a token, highest score first.
     *
     * @param source name of the scores' origin in errors
     * @param byId scores by id; NaN for control, unknown and byte tokens, which neither result from merges nor merge
     */
    public record ScoredTokens(String source, float[] byId) implements Merges {}

    /**
     * Ids that mark where a text begins and ends, or {@link #NONE}.
     *
     * @param prompt first id of a prompt
     * @param beginning beginning-of-text id, even if prompts do not begin with it
     * @param end end-of-text id, even if whole texts do not end with it
     * @param appended last ids of a whole text, as an embedding model reads it; a prompt does not have them
     */
    public record TextMarks(int prompt, int beginning, int end, List<Integer> appended) {
        public static final TextMarks NONE = new TextMarks(
                TokenizerDefinition.NONE, TokenizerDefinition.NONE, TokenizerDefinition.NONE, List.of());
    }

    /** Returns a byte-level BPE tokenizer, as in GPT-2 and later models. */
    public static TokenizerDefinition byteLevel(
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
     * Returns a BPE tokenizer in SentencePiece's form: symbols are characters, ▁ represents a space, and bytes
     * represent unknown characters.
     *
     * @param addSpace true if ▁ is added before the text, and before the text after each added token
     */
    public static TokenizerDefinition sentencePiece(
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
     * Returns the vocabulary of a list of tokens, whose indices are the ids.
     *
     * @throws ModelFormatException if a token has a duplicate
     */
    public static Map<String, Integer> vocabulary(String source, List<String> tokens) {
        Map<String, Integer> vocabulary = LinkedHashMap.newLinkedHashMap(tokens.size());
        for (String token : tokens) {
            Integer previous = vocabulary.putIfAbsent(token, vocabulary.size());
            if (previous != null) {
                throw new ModelFormatException(source + ": duplicate token \"" + token + "\" with ids "
                        + previous + " and " + vocabulary.size());
            }
        }
        return vocabulary;
    }

    /** Returns the same tokenizer with other marks. */
    public TokenizerDefinition with(TextMarks other) {
        return new TokenizerDefinition(
                vocabularySource, vocabulary, addedTokens, preparation, model, decoding, other);
    }

    /** Returns the id of a token, or {@link #NONE}. */
    public int id(String token) {
        return addedTokens.stream()
                .filter(added -> added.content().equals(token))
                .mapToInt(AddedToken::id)
                .findFirst()
                .orElseGet(() -> vocabulary.getOrDefault(token, NONE));
    }

    /** Returns the token of an id that the vocabulary has. */
    public String token(int id) {
        return vocabulary.entrySet().stream()
                .filter(entry -> entry.getValue() == id)
                .map(Map.Entry::getKey)
                .findFirst()
                .orElseThrow();
    }
}
