package io.github.t6j.cli.generate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

class LineWorkTest {
    /** A line that fails does not go on computing what nobody waits for. */
    @Test
    void aFailureCancelsTheRestOfItsLine() {
        CompletableFuture<String> first = CompletableFuture.failedFuture(new IllegalStateException("damaged"));
        CompletableFuture<String> second = new CompletableFuture<>();
        LineWork.Finish finish = LineWork.cancelling(List.of(first, second), into -> {
            into.put("first", LineWork.await(first));
            into.put("second", LineWork.await(second));
        });
        assertThatThrownBy(() -> finish.into(new HashMap<>())).hasMessage("damaged");
        assertThat(second.isCancelled()).isTrue();
    }

    @Test
    void workThatIsDoneStays() throws InterruptedException {
        CompletableFuture<String> only = CompletableFuture.completedFuture("good");
        Map<String, Object> found = new HashMap<>();
        LineWork.cancelling(List.of(only), into -> into.put("only", LineWork.await(only))).into(found);
        assertThat(found).containsEntry("only", "good");
        assertThat(only.isCancelled()).isFalse();
    }
}
