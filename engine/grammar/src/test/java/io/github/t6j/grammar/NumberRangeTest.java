package io.github.t6j.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Tests number ranges against {@link BigDecimal}. */
class NumberRangeTest {
    private static BigDecimal randomNumber(Random random) {
        long digits = random.nextLong((long) Math.pow(10, 1 + random.nextInt(6)));
        return BigDecimal.valueOf(random.nextBoolean() ? digits : -digits, random.nextInt(5));
    }

    @Test
    void aNumberMatchesIfAndOnlyIfItIsInRange() {
        int inside = 0;
        for (int seed = 0; seed < 2_000; seed++) {
            Random random = new Random(seed);
            boolean integer = random.nextBoolean();
            BigDecimal min = random.nextInt(4) == 0 ? null : randomNumber(random);
            BigDecimal max = random.nextInt(4) == 0 ? null : randomNumber(random);
            int divisor = integer && random.nextInt(3) == 0 ? 1 + random.nextInt(40) : 1;
            NumberRange range =
                    new NumberRange(integer, min, max, random.nextBoolean(), random.nextBoolean(), divisor);
            Automaton[] signs = new Automaton[2];
            for (Expression sign : ((Expression.Choice) range.expression()).options()) {
                Expression.Sequence parts = (Expression.Sequence) sign;
                boolean negative = !((Expression.Sequence) parts.parts().getFirst()).parts().isEmpty();
                signs[negative ? 1 : 0] = ((Expression.Language) parts.parts().getLast()).automaton();
            }
            for (int i = 0; i < 40; i++) {
                BigDecimal number =
                        i % 4 == 0 && min != null ? min : i % 4 == 1 && max != null ? max : randomNumber(random);
                number = number.signum() == 0 ? BigDecimal.ZERO : number;
                if (integer && number.stripTrailingZeros().scale() > 0) {
                    continue;
                }
                String text = integer ? number.toBigInteger().toString() : number.toPlainString();
                boolean expected = (min == null || number.compareTo(min) >= (range.aboveMin() ? 1 : 0))
                        && (max == null || number.compareTo(max) <= (range.belowMax() ? -1 : 0))
                        && (divisor == 1 || number.remainder(BigDecimal.valueOf(divisor)).signum() == 0);
                Automaton sizes = signs[text.startsWith("-") ? 1 : 0];
                assertThat(sizes != null && sizes.accepts(text.replace("-", "")))
                        .as("seed %s: %s in %s", seed, text, range).isEqualTo(expected);
                inside += expected ? 1 : 0;
            }
        }
        assertThat(inside).as("numbers inside").isGreaterThan(4_000);
    }

    @Test
    void numbersAreWrittenAsInJson() {
        Grammar grammar = Grammar.jsonSchema("{\"type\": \"number\", \"minimum\": -2, \"maximum\": 1.5}");
        Map.of("1.50", true, "1.51", false, "-2", true, "-0.5", true, "-0", false, "01", false, "1.", false,
                ".5", false, "1e0", false).forEach(
                        (text, expected) -> assertThat(Texts.matches(grammar, text)).as(text).isEqualTo(expected));
    }
}
