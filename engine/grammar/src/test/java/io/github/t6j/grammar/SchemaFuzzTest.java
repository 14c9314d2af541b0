package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.InputFormat;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.github.t6j.TestData;
import io.github.t6j.json.Json;
import io.github.t6j.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Generates texts with random choices under random schemas, and validates them with another library. */
class SchemaFuzzTest {
    /** Schemas of {@code mvn verify}; {@code -P full} goes on from there. */
    private static final int FEW = 500;
    private static final int ALL = 5_000;
    /** Maximum number of tokens of a text; one that is longer is only checked for having a next token at each step. */
    private static final int MAX_TOKENS = 160;

    private static final List<String> PATTERNS = List.of("^[a-f0-9]+$", "b", "^(?:yes|no)", "\\d{2,3}-[A-Z]",
            "^[^\"\\\\]*$", "é|🙂", ".\\s.", "^\\p{Lu}\\p{Ll}+$");
    private static final Pattern HUGE = Pattern.compile("\\d[eE]\\+?\\d{2}|\\d{19}");
    private static final List<String> FORMATS = List.of("date", "time", "date-time", "duration", "email", "hostname",
            "ipv4", "ipv6", "uri", "uuid");

    private static Object schema(Random random, int depth) {
        Map<String, Object> schema = new LinkedHashMap<>();
        switch (random.nextInt(depth > 3 ? 8 : 16)) {
            case 0 -> schema.put("enum", List.of("red", "gr\"een", -3L, true, 1.5, List.of("x")));
            case 1 -> schema.put("const", random.nextBoolean() ? "a\\b\n" : Map.of("k", 2L));
            case 2 -> {
                schema.put("type", "integer");
                range(schema, random, random.nextInt(-2_000, 2_000));
                if (random.nextInt(4) == 0) {
                    schema.put("multipleOf", random.nextLong(1, 20));
                }
            }
            case 3 -> {
                schema.put("type", "number");
                range(schema, random, random.nextInt(-2_000, 2_000) / 8.0);
            }
            case 4 -> {
                schema.put("type", "string");
                long min = random.nextInt(4);
                schema.put("minLength", min);
                schema.put("maxLength", min + random.nextInt(30));
            }
            case 5 -> {
                schema.put("type", "string");
                schema.put("pattern", PATTERNS.get(random.nextInt(PATTERNS.size())));
                schema.put("maxLength", 9L + random.nextInt(12));
            }
            case 6 -> {
                schema.put("type", "string");
                schema.put("format", FORMATS.get(random.nextInt(FORMATS.size())));
            }
            case 7 -> schema.put("type", List.of("boolean", "null"));
            case 8, 9, 10 -> object(schema, random, depth);
            case 11 -> {
                schema.put("type", "array");
                schema.put("items", schema(random, depth + 1));
                long min = random.nextInt(3);
                schema.put("minItems", min);
                schema.put("maxItems", min + random.nextInt(3));
            }
            case 12 -> {
                schema.put("type", "array");
                schema.put("prefixItems", List.of(schema(random, depth + 1), schema(random, depth + 1)));
                schema.put("items", random.nextBoolean() ? schema(random, depth + 1) : (Object) false);
                schema.put("minItems", (long) random.nextInt(3));
            }
            case 13 -> {
                schema.put("type", "array");
                schema.put("items", Map.of("enum", List.of("a", "b", 1L, 1.0, "c\"", List.of(), false)));
                schema.put("uniqueItems", true);
                schema.put("minItems", (long) random.nextInt(4));
            }
            case 14 -> {
                schema.put("type", List.of("string", "integer"));
                schema.put("not", List.of(Map.of("enum", List.of("a", 1L, "")), Map.of("pattern", "a"),
                        Map.of("type", "integer"), Map.of("anyOf", List.of(Map.of("const", 0L), Map.of("const", 2L))))
                        .get(random.nextInt(4)));
            }
            default -> schema.put("anyOf", List.of(schema(random, depth + 1), schema(random, depth + 1)));
        }
        return schema;
    }

    private static void range(Map<String, Object> schema, Random random, Number low) {
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "minimum" : "exclusiveMinimum", wide(low, 0));
        }
        if (random.nextBoolean()) {
            schema.put(random.nextBoolean() ? "maximum" : "exclusiveMaximum", wide(low, 25 + random.nextInt(900)));
        }
    }

    private static Number wide(Number low, int more) {
        return low instanceof Double real ? (Number) (real + more) : (Number) (low.longValue() + more);
    }

    private static void object(Map<String, Object> schema, Random random, int depth) {
        schema.put("type", "object");
        Map<String, Object> properties = new LinkedHashMap<>();
        List<Object> required = new ArrayList<>();
        for (String name : List.of("a", "ab", "kéy", "q\"uote", "z z")) {
            if (random.nextInt(3) > 0) {
                boolean shared = random.nextInt(12) == 0; // never required, because it may contain itself
                properties.put(name, shared ? Map.of("$ref", "#/$defs/shared") : schema(random, depth + 1));
                if (!shared && random.nextBoolean()) {
                    required.add(name);
                }
            }
        }
        schema.put("properties", properties);
        schema.put("required", required);
        if (random.nextInt(4) == 0) {
            schema.put("minProperties", (long) random.nextInt(properties.size() + 1));
        }
        if (random.nextInt(4) == 0) {
            schema.put("maxProperties", (long) properties.size());
        }
        if (random.nextInt(3) == 0) {
            schema.put("additionalProperties", random.nextBoolean() ? (Object) true : schema(random, depth + 2));
        }
    }

    /** Returns a text under the grammar, or null if the budget of tokens ended first. */
    private static String generate(TokenGrammar grammar, Tokenizer tokenizer, Random random, String where) {
        GrammarMatcher matcher = grammar.newMatcher();
        List<Integer> ids = new ArrayList<>();
        for (int step = 0; step < MAX_TOKENS; step++) {
            if (matcher.isComplete() || matcher.mayEnd() && random.nextInt(3) == 0) {
                return tokenizer.decode(ids.stream().mapToInt(Integer::intValue).toArray());
            }
            int[] allowed = matcher.allowed().stream().toArray();
            assertThat(allowed).as(where + ": tokens after " + ids).isNotEmpty();
            int[] closing = closing(tokenizer, allowed);
            int[] choices = closing.length > 0 && random.nextInt(3) == 0 ? closing : allowed;
            int id = choices[random.nextInt(choices.length)];
            matcher.accept(id);
            ids.add(id);
        }
        return null;
    }

    /** Returns the tokens that close a string, an array or an object, so that most texts end. */
    private static int[] closing(Tokenizer tokenizer, int[] allowed) {
        BitSet closing = new BitSet();
        for (int id : allowed) {
            byte first = tokenizer.bytes(id)[0];
            closing.set(id, first == '"' || first == ']' || first == '}');
        }
        return closing.stream().toArray();
    }

    @Test
    void everyTextIsValid() {
        check(0, FEW);
    }

    @Tag("full")
    @Test
    void everyTextOfManySchemasIsValid() {
        check(FEW, ALL);
    }

    /** Returns true for a number that the validator fails to compare with an integer, since no long holds it. */
    private static boolean hasHugeNumber(String text) {
        return HUGE.matcher(text).find();
    }

    private static void check(int firstSeed, int end) {
        Tokenizer tokenizer = Tokenizer.load(TestData.path("tokenizers/bpe4096"));
        TokenGrammar.Vocabulary vocabulary = new TokenGrammar.Vocabulary(tokenizer, tokenizer.size(), Set.of());
        SchemaRegistry validators = SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
        int ended = 0;
        for (int seed = firstSeed; seed < end; seed++) {
            Random random = new Random(seed);
            Map<String, Object> document = new LinkedHashMap<>(Map.of("$defs", Map.of("shared", schema(random, 2))));
            document.putAll((Map<String, ?>) Json.object(schema(random, 0), "schema"));
            String schema = Json.write(document);
            String where = "seed " + seed + ": " + schema;
            TokenGrammar grammar = new TokenGrammar(Grammar.jsonSchema(schema), vocabulary);
            String text = generate(grammar, tokenizer, random, where);
            if (text != null) {
                ended++;
            }
            if (text != null && !hasHugeNumber(text)) {
                assertThat(validators.getSchema(schema).validate(text, InputFormat.JSON,
                        context -> context.executionConfig(config -> config.formatAssertionsEnabled(true))))
                        .as(where + " and " + text).isEmpty();
            }
        }
        assertThat(ended).as("texts that ended within the budget").isGreaterThan((end - firstSeed) * 9 / 10);
    }
}
