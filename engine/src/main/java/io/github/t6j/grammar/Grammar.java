package io.github.t6j.grammar;

import java.util.BitSet;
import java.util.Map;
import java.util.Objects;

/**
 * Set of texts that a generation may produce: those of a JSON schema, a regular expression or a GBNF grammar. Immutable;
 * any number of threads and models may use it. It keeps what it has computed, so keep a grammar that is used again.
 *
 * <p>JSON schemas: the types and {@code enum}, {@code const}, {@code anyOf}, {@code allOf}, {@code oneOf} whose options
 * exclude each other, {@code $ref} within the schema, {@code properties}, {@code required}, {@code additionalProperties},
 * {@code items}, {@code prefixItems}, numbers of items, {@code pattern}, {@code format}, lengths, ranges and {@code
 * multipleOf} of integers. An object with {@code properties} has no others unless {@code additionalProperties} allows
 * them. Other keywords are rejected.
 */
public final class Grammar {
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
