package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class CallOptionsTest {
    @Test
    void eitherFunctionCancels() {
        AtomicBoolean first = new AtomicBoolean();
        AtomicBoolean second = new AtomicBoolean();
        CallOptions alone = CallOptions.defaults().orCancelledBy(second::get);
        CallOptions both = CallOptions.defaults().withCancellation(first::get).orCancelledBy(second::get);
        assertThat(alone.cancellation().getAsBoolean()).isFalse();
        assertThat(both.cancellation().getAsBoolean()).isFalse();
        first.set(true);
        assertThat(both.cancellation().getAsBoolean()).isTrue();
        assertThat(alone.cancellation().getAsBoolean()).isFalse();
        first.set(false);
        second.set(true);
        assertThat(both.cancellation().getAsBoolean()).isTrue();
        assertThat(alone.cancellation().getAsBoolean()).isTrue();
    }
}
