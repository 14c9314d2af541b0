package io.github.t6j.mini.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MemoryTest {
    private static final long SEED = 61;

    @ParameterizedTest
    @MethodSource("io.github.t6j.mini.data.Memory#attributes")
    void aFactCanBeToldAndAskedAtOnce(String attribute) {
        Random random = new Random(SEED);
        for (int i = 0; i < 200; i++) {
            Memory fact = Memory.training(attribute, random);
            Exchange exchange = fact.toldAndAsked(random);
            assertThat(List.of(fact.value(), Tables.plural(fact.value()))).as("seed " + SEED)
                    .anySatisfy(form -> assertThat(exchange.question()).containsIgnoringCase(form));
            assertThat(exchange.check().accepts(exchange.answer())).as("seed " + SEED + ": " + exchange).isTrue();
        }
    }
}
