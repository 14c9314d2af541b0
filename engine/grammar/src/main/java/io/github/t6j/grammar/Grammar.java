package io.github.t6j.grammar;

import io.github.t6j.sampling.Constraint;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Set of texts that a generation may produce, given by a JSON schema, a regular expression or a GBNF grammar, or
 * combined from such sets. Immutable; any number of threads and models may use it. It caches its computations, so keep
 * a grammar to use it again. An interrupt ends its construction with a
 * {@link java.util.concurrent.CancellationException}.
 *
 * <p>JSON schemas: the types and {@code enum}, {@code const}, {@code anyOf}, {@code allOf}, {@code oneOf} whose options
 * exclude each other, {@code $ref} within the schema, {@code properties}, {@code required},
 * {@code additionalProperties}, {@code items}, {@code prefixItems}, numbers of items, {@code pattern}, {@code format},
 * lengths, ranges and {@code multipleOf} of integers. An object with {@code properties} has no others unless
 * {@code additionalProperties} allows them. Other keywords are rejected.
 */
public final class Grammar implements Constraint {
    private final Map<String, Expression> rules;
    private final String root;
    private final Parser parser;
    private final BitSet usedBytes;

    private Grammar(Map<String, Expression> rules, String root) {
        this.rules = rules;
        this.root = root;
        BitSet allBytes = new BitSet();
        allBytes.set(0, 256);
        Network network = new Network(rules, root, allBytes);
        parser = new Parser(network);
        usedBytes = network.usedBytes();
    }

    /**
     * Returns the JSON texts that match a schema, with at most one space or line break between two tokens.
     *
     * @param schema JSON Schema, draft 2020-12
     * @throws IllegalArgumentException if it is malformed, no text matches, or it uses a keyword that is not supported,
     *     which the message names
     */
    public static Grammar jsonSchema(String schema) {
        Objects.requireNonNull(schema, "schema");
        return new Grammar(JsonSchemaReader.read(schema), JsonSchemaReader.ROOT);
    }

    /**
     * Returns the JSON texts of {@link #jsonSchema} without white space between tokens: fewer tokens, and nothing for
     * a model to choose there.
     */
    public static Grammar compactJsonSchema(String schema) {
        Objects.requireNonNull(schema, "schema");
        Map<String, Expression> compact = new LinkedHashMap<>(JsonSchemaReader.read(schema));
        compact.replaceAll((_, rule) -> JsonForms.compact(rule));
        return new Grammar(compact, JsonSchemaReader.ROOT);
    }

    /** Returns all JSON objects, with at most one space or line break between two tokens. */
    public static Grammar jsonObject() {
        return jsonSchema("{\"type\": \"object\"}");
    }

    /**
     * Returns the texts that a regular expression matches as a whole.
     *
     * @param regex expression as in ECMA-262, without look-around, back-references and word boundaries
     * @throws IllegalArgumentException if it is malformed or uses something that is not supported
     */
    public static Grammar regex(String regex) {
        Objects.requireNonNull(regex, "regex");
        return new Grammar(Map.of("regex", RegexReader.whole(regex)), "regex");
    }

    /**
     * Returns the texts of the rule {@code root} of a grammar in llama.cpp's notation.
     *
     * @param gbnf rules {@code name ::= …}
     * @throws IllegalArgumentException if it is malformed, has no rule {@code root}, or a rule calls itself before any
     *     character
     */
    public static Grammar gbnf(String gbnf) {
        Objects.requireNonNull(gbnf, "gbnf");
        return new Grammar(GbnfReader.read(gbnf), GbnfReader.ROOT);
    }

    /** Returns the grammar of exactly {@code text}. */
    public static Grammar text(String text) {
        Objects.requireNonNull(text, "text");
        return new Grammar(Map.of("text", Expression.text(text)), "text");
    }

    /** Returns all texts that contain none of {@code parts}, which are not empty. */
    public static Grammar without(String... parts) {
        Objects.requireNonNull(parts, "parts");
        if (parts.length == 0 || List.of(parts).contains("")) {
            throw new IllegalArgumentException("parts: expected at least one, none of them empty, found "
                    + List.of(parts));
        }
        String regex = Arrays.stream(parts).map(RegexReader::quoted).collect(Collectors.joining("|"));
        Automaton containing = Automaton.of(RegexReader.containing(regex));
        return new Grammar(Map.of("without", new Expression.Language(containing.complement(), null)), "without");
    }

    /** Returns the concatenations of a text of each of {@code parts}. */
    public static Grammar sequence(Grammar... parts) {
        return joined(List.of(Objects.requireNonNull(parts, "parts")), Expression.Sequence::new);
    }

    /**
     * Returns the texts of all {@code options}.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Grammar choice(Grammar... options) {
        return joined(List.of(Objects.requireNonNull(options, "options")), Expression.Choice::new);
    }

    /** Returns the empty text and the texts of this grammar. */
    public Grammar optional() {
        return joined(List.of(this), parts -> Expression.optional(parts.getFirst()));
    }

    /** Returns the concatenations of any number of texts of this grammar. */
    public Grammar repeated() {
        return joined(List.of(this), parts -> new Expression.Repeat(parts.getFirst(), 0, Expression.UNLIMITED));
    }

    /** @param join receives a call of each grammar */
    private static Grammar joined(List<Grammar> grammars, Function<List<Expression>, Expression> join) {
        Map<String, Expression> rules = new LinkedHashMap<>();
        List<Expression> calls = new ArrayList<>();
        for (Grammar grammar : grammars) {
            String prefix = calls.size() + "/";
            grammar.rules.forEach((name, rule) -> rules.put(prefix + name, rule.withPrefix(prefix)));
            calls.add(new Expression.Call(prefix + grammar.root));
        }
        rules.put("root", join.apply(calls));
        return new Grammar(rules, "root");
    }

    @Override
    public TokenGrammar prepare(Tokenizer tokenizer, int ids, Set<Integer> endIds) {
        Objects.requireNonNull(tokenizer, "tokenizer");
        Objects.requireNonNull(endIds, "endIds");
        return new TokenGrammar(this, TokenGrammar.vocabulary(tokenizer, ids, endIds));
    }

    Parser parser() {
        return parser;
    }

    /**
     * Returns a parser of the texts whose bytes are all in {@code alphabet}.
     *
     * @throws IllegalArgumentException if there are none
     */
    Parser parser(BitSet alphabet) {
        BitSet missing = (BitSet) usedBytes.clone();
        missing.andNot(alphabet);
        return missing.isEmpty() ? parser : new Parser(new Network(rules, root, alphabet));
    }
}
