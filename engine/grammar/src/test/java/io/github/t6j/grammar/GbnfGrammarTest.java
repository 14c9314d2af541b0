package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests grammars in llama.cpp's notation. */
class GbnfGrammarTest {
    private static final String ARITHMETIC = """
            # sums and products
            root ::= (expression "=" ws term "\\n")+
            expression ::= term ([-+*/] term)*   # no precedence

            term ::= identifier
                | number | "(" ws expression ")" ws
            identifier ::= [a-z] [a-z0-9_]* ws
            number ::= [0-9]+ ws
            ws ::= [ \\t\\n]*
            """;

    @Test
    void nestedRulesMatch() {
        Grammar grammar = Grammar.gbnf(ARITHMETIC);
        for (String text : List.of("x=1\n", "(a +b_2)*(3) = 12\n", "((((1))))=x\nz=z\n")) {
            assertThat(Texts.matches(grammar, text)).as(text).isTrue();
        }
        for (String text : List.of("x=1", "(a=1\n", "1+=2\n", "X=1\n", "a)=1\n")) {
            assertThat(Texts.matches(grammar, text)).as(text).isFalse();
        }
        assertThat(Texts.mayBegin(grammar, "((((((((")).isTrue();
        assertThat(Texts.mayBegin(grammar, "1+*")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "root ::= \"a\\x41\\u00e9\\U0001F642\\\"\\\\\" ! aAé🙂\"\\ ! aA",
        "root ::= [^\"\\n\\]] ! é ! ]",
        "root ::= [a-c\\-]{2} ! a- ! a",
        "root ::= ab{2,3} nl:ab ::= [xy]{,2} \"z\" ! xzzz ! xz",
        "root ::= . ! 🙂 ! 🙂🙂",
        "root ::= \"a\"? (\"b\" \"c\"){1,} ! abcbc ! ab",
        "root ::= [a-] ! - ! b",
    })
    void eachConstructMatches(String line) {
        String[] parts = line.split(" ! ");
        // the line with references is written out here, because a table has no line breaks
        String grammar = parts[0].contains("nl:")
                ? "root ::= ab{1} [z]{1,2}\nab ::= [xy]{1,2} \"z\""
                : parts[0];
        assertThat(Texts.matches(Grammar.gbnf(grammar), parts[1])).isTrue();
        assertThat(Texts.matches(Grammar.gbnf(grammar), parts[2])).isFalse();
    }

    @Test
    void recursionOnTheRightNeedsNoDepth() {
        Grammar grammar = Grammar.gbnf("root ::= \"a\" root | \"b\"");
        assertThat(Texts.matches(grammar, "a".repeat(100_000) + "b")).isTrue();
    }

    @Test
    void bracketsMatchAtAnyDepth() {
        Grammar grammar = Grammar.gbnf("root ::= \"(\" root \")\" | \"\"");
        assertThat(Texts.matches(grammar, "(".repeat(5_001) + ")".repeat(5_001))).isTrue();
        assertThat(Texts.matches(grammar, "(".repeat(5_001) + ")".repeat(5_000))).isFalse();
        assertThat(Texts.mayBegin(grammar, "(".repeat(5_000) + ")".repeat(5_001))).isFalse();
    }

    /** A rule that cannot end is never entered, so that a generation always can. */
    @Test
    void rulesThatCannotEndAreLeftOut() {
        Grammar grammar = Grammar.gbnf("root ::= \"a\" endless | \"ab\"\nendless ::= \"b\" endless");
        assertThat(Texts.matches(grammar, "ab")).isTrue();
        assertThat(Texts.mayBegin(grammar, "abb")).isFalse();
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "start ::= \"a\" | expected a rule \"root\", found the rules start",
        "root ::= other | expected a rule \"other\", found none",
        "root ::= root \"a\" ! \"b\" | expected a character before each calls itself",
        "root ::= x root \"a\" ! \"b\"~x ::= \"c\"? | expected a character before each calls itself",
        "root ::= \"a\" root | expected at least one text that matches",
        "root ::= \"a | expected the end of the literal",
        "root ::= [a | expected the end of the class",
        "root ::= (\"a\" | expected )",
        "root ::= \"a\"~root ::= \"b\" | expected each rule once",
        "root = \"a\" | expected ::=",
        "root ::= <think> | a token <…>; write its text as a literal is not supported",
        "root ::= \"\\q\" | \\q is not supported",
        "root ::= \"\\uD800\" | expected a code point that is no surrogate",
        "root ::= \"a\"{3,1} | expected bounds in ascending order",
    })
    void malformedGrammarsAreRejected(String grammar, String message) {
        String text = grammar.replace("~", "\n").replace(" ! ", " | ");
        assertThatThrownBy(() -> Grammar.gbnf(text)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining(message);
    }

    @Test
    void hostileGrammarsAreRejectedInTime() {
        assertThatThrownBy(() -> Grammar.gbnf("root ::= (((\"a\"{999}){999}){999})"))
                .hasMessageContaining("expected at most 500000 nodes");
        assertThatThrownBy(() -> Grammar.gbnf("root ::= [!#%')+-/13579=?ACEGIKMOQSUWY]{400000}"))
                .hasMessageContaining("edges");
        assertThatThrownBy(() -> Grammar.gbnf("root ::= " + "(".repeat(20_000)))
                .hasMessageContaining("at most 200 groups within each other");
        assertThatThrownBy(() -> Grammar.regex("(".repeat(20_000)))
                .hasMessageContaining("at most 200 groups within each other");
        assertThatThrownBy(() -> Grammar.jsonSchema(
                "{\"type\": \"string\", \"pattern\": \"^(?:z{90000}|[ab]*a[ab]{30})$\", \"maxLength\": 9}"))
                .hasMessageContaining("expected an automaton of at most");
        StringBuilder chain = new StringBuilder();
        for (int i = 0; i < 20_000; i++) {
            chain.append(i == 0 ? "root" : "r" + i).append(" ::= r").append(i + 1).append('\n');
        }
        assertThat(Texts.matches(Grammar.gbnf(chain + "r20000 ::= \"\""), "")).isTrue();
    }

    @Tag("full")
    @Test
    void aGrammarWhoseStatesGrowIsRejectedWhileItIsRead() {
        Grammar grammar = Grammar.gbnf("root ::= [a-z ]* [a-m] [a-z ]{30000} \"!\"");
        assertThatThrownBy(() -> Texts.mayBegin(grammar, "ab ".repeat(8_000)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("it is too ambiguous");
    }
}
