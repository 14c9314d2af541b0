package io.github.t6j.sampling;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatNullPointerException;

import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SamplingOptionsTest {
    private static final SamplingOptions OPTIONS = SamplingOptions.defaults();
    private static final float NAN = Float.NaN;
    private static final float INFINITY = Float.POSITIVE_INFINITY;

    static Stream<Arguments> badValues() {
        return Stream.of(
                bad(o -> o.withTemperature(-0.1f), "temperature: expected 0 or more, finite, found -0.1"),
                bad(o -> o.withTemperature(NAN), "temperature: expected 0 or more, finite, found NaN"),
                bad(o -> o.withTemperature(INFINITY), "temperature: expected 0 or more, finite, found Infinity"),
                bad(o -> o.withTopK(-1), "topK: expected 0 (all) or more, found -1"),
                bad(o -> o.withTopP(0), "topP: expected above 0 and at most 1, found 0.0"),
                bad(o -> o.withTopP(1.1f), "topP: expected above 0 and at most 1, found 1.1"),
                bad(o -> o.withTopP(NAN), "topP: expected above 0 and at most 1, found NaN"),
                bad(o -> o.withMinP(-0.5f), "minP: expected 0 or more and below 1, found -0.5"),
                bad(o -> o.withMinP(1), "minP: expected 0 or more and below 1, found 1.0"),
                bad(o -> o.withMinP(NAN), "minP: expected 0 or more and below 1, found NaN"),
                bad(o -> o.withRepetitionPenalty(0), "repetitionPenalty: expected above 0, finite, found 0.0"),
                bad(o -> o.withRepetitionPenalty(NAN), "repetitionPenalty: expected above 0, finite, found NaN"),
                bad(o -> o.withRepetitionPenalty(INFINITY),
                        "repetitionPenalty: expected above 0, finite, found Infinity"),
                bad(o -> o.withFrequencyPenalty(NAN), "frequencyPenalty: expected a finite number, found NaN"),
                bad(o -> o.withFrequencyPenalty(INFINITY),
                        "frequencyPenalty: expected a finite number, found Infinity"),
                bad(o -> o.withPresencePenalty(NAN), "presencePenalty: expected a finite number, found NaN"),
                bad(o -> o.withPresencePenalty(-INFINITY),
                        "presencePenalty: expected a finite number, found -Infinity"),
                bad(o -> o.withLogitBias(Map.of(-1, 1f)), "logitBias: expected ids of 0 or more, found -1"),
                bad(o -> o.withLogitBias(Collections.singletonMap(null, 1f)),
                        "logitBias: expected ids of 0 or more, found null"),
                bad(o -> o.withLogitBias(Map.of(7, NAN)),
                        "logitBias of id 7: expected a finite number or -Infinity, found NaN"),
                bad(o -> o.withLogitBias(Map.of(7, INFINITY)),
                        "logitBias of id 7: expected a finite number or -Infinity, found Infinity"),
                bad(o -> o.withLogitBias(Collections.singletonMap(7, null)),
                        "logitBias of id 7: expected a finite number or -Infinity, found null"));
    }

    private static Arguments bad(Function<SamplingOptions, SamplingOptions> change, String message) {
        return Arguments.of(message, change);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("badValues")
    void invalidValuesAreRejected(String message, Function<SamplingOptions, SamplingOptions> change) {
        assertThatIllegalArgumentException().isThrownBy(() -> change.apply(OPTIONS)).withMessage(message);
    }

    @Test
    void nullsAreRejectedByName() {
        assertThatNullPointerException().isThrownBy(() -> OPTIONS.withLogitBias(null)).withMessage("logitBias");
    }

    @Test
    void boundsAreAllowed() {
        Map<Integer, Float> bias = Map.of(0, -INFINITY, Integer.MAX_VALUE, -100f);
        assertThatNoException().isThrownBy(() -> {
            SamplingOptions.greedy().withRepetitionPenalty(Float.MIN_VALUE).withFrequencyPenalty(-2f)
                    .withPresencePenalty(-2f).withLogitBias(bias).withSeed(Long.MIN_VALUE);
            SamplingOptions.greedy().withTemperature(Float.MAX_VALUE).withTopK(Integer.MAX_VALUE)
                    .withTopP(Float.MIN_VALUE).withMinP(Math.nextDown(1f))
                    .withRepetitionPenalty(Float.MAX_VALUE).withFrequencyPenalty(2f).withPresencePenalty(2f);
        });
    }

    @Test
    void eachWithMethodChangesOnlyItsComponent() {
        SamplingStep step = (logits, generated) -> {
        };
        SamplingOptions changed = SamplingOptions.greedy()
                .withTemperature(1.5f).withTopK(3).withTopP(0.4f).withMinP(0.2f).withRepetitionPenalty(1.1f)
                .withFrequencyPenalty(0.6f).withPresencePenalty(0.7f).withLogitBias(Map.of(8, 9f)).withStep(step)
                .withSeed(10);
        assertThat(changed.toString()).isEqualTo("SamplingOptions[temperature=1.5, topK=3, topP=0.4, minP=0.2, "
                + "repetitionPenalty=1.1, frequencyPenalty=0.6, presencePenalty=0.7, logitBias={8=9.0}, step=" + step
                + ", seed=10]");
        assertThat(changed.withTopK(3)).isEqualTo(changed);
    }

    @Test
    void aSeedMayBeAnIntALongOrNull() {
        assertThat(OPTIONS.withSeed(1)).isEqualTo(OPTIONS.withSeed(1L)).isEqualTo(OPTIONS.withSeed(Long.valueOf(1)));
        assertThat(OPTIONS.withSeed(1).withSeed(null).seed()).isNull();
    }

    @Test
    void biasesAreCopied() {
        Map<Integer, Float> bias = new HashMap<>(Map.of(1, 2f));
        SamplingOptions options = OPTIONS.withLogitBias(bias);
        bias.put(3, 4f);
        assertThat(options.logitBias()).isEqualTo(Map.of(1, 2f)).isUnmodifiable();
    }
}
