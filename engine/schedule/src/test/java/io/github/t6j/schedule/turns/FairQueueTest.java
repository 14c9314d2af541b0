package io.github.t6j.schedule.turns;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The order of a queue with clients and priorities, and the share of each client. */
class FairQueueTest {
    private static final long SEED = 56;

    private final FairQueue<String> queue = new FairQueue<>();

    private List<String> drained() {
        List<String> items = new ArrayList<>();
        while (!queue.isEmpty()) {
            assertThat(queue.peek()).isSameAs(queue.peek());
            items.add(queue.remove());
        }
        return items;
    }

    @Test
    void itemsOfOneClientComeInOrderOfPriorityAndArrival() {
        queue.add("a", "", 0, 700);
        queue.add("b", "", 0, 1);
        queue.add("c", "", 3, 50);
        queue.add("d", "", -1, 50);
        queue.add("e", "", 3, 50);
        assertThat(drained()).containsExactly("c", "e", "a", "b", "d");
    }

    @Test
    void clientsAlternateHoweverManyItemsOneHas() {
        for (int i = 0; i < 5; i++) {
            queue.add("many" + i, "many", 0, 10);
        }
        queue.add("few0", "few", 0, 10);
        queue.add("few1", "few", 0, 10);
        assertThat(drained()).containsExactly("many0", "few0", "many1", "few1", "many2", "many3", "many4");
    }

    @Test
    void aClientWithLargeItemsGetsFewer() {
        for (int i = 0; i < 4; i++) {
            queue.add("large" + i, "large", 0, 30);
            queue.add("small" + i, "small", 0, 10);
        }
        assertThat(drained()).startsWith("large0", "small0", "small1", "small2");
    }

    @Test
    void anAbsentClientMakesUpForNothing() {
        for (int i = 0; i < 100; i++) {
            queue.add("old" + i, "old", 0, 10);
        }
        for (int i = 0; i < 50; i++) {
            queue.remove();
        }
        for (int i = 0; i < 50; i++) {
            queue.add("new" + i, "new", 0, 10);
        }
        List<String> next = drained().subList(0, 20);
        assertThat(next.stream().filter(item -> item.startsWith("old")).count()).isBetween(9L, 11L);
    }

    /** New clients that come without end, each with one item, do not delay a client with more forever. */
    @Test
    void manyClientsOfOneItemDoNotStarveOne() {
        queue.add("first", "one", 0, 100);
        queue.add("second", "one", 0, 100);
        queue.add("x", "x", 0, 100);
        int steps = 0;
        for (String item = ""; !item.equals("second"); steps++) {
            queue.add("item" + steps, "client" + steps, 0, 100);
            item = queue.remove();
            assertThat(steps).isLessThan(20);
        }
    }

    @Test
    void removedItemsCostNothing() {
        queue.add("a0", "a", 0, 1000);
        queue.add("a1", "a", 0, 10);
        queue.add("b0", "b", 0, 10);
        queue.removeAll(List.of("a0"));
        assertThat(queue.hasItemOf("a")).isTrue();
        assertThat(queue.items()).containsExactlyInAnyOrder("a1", "b0");
        assertThat(drained()).containsExactly("a1", "b0");
        assertThat(queue.hasItemOf("a")).isFalse();
    }

    /** While all clients wait, no two differ by more than the largest item of each. */
    @Test
    void sharesAreEqualUpToAnItem() {
        Random random = new Random(SEED);
        Map<String, Long> costs = new HashMap<>();
        for (int i = 0; i < 3000; i++) {
            String item = "client" + i % 7 + " item" + i;
            costs.put(item, 1L + random.nextInt(500));
            queue.add(item, "client" + i % 7, 0, costs.get(item));
        }
        Map<String, Long> service = new HashMap<>();
        for (int i = 0; i < 1000; i++) {
            String item = queue.remove();
            service.merge(item.split(" ")[0], costs.get(item), Long::sum);
        }
        long max = service.values().stream().mapToLong(Long::longValue).max().orElseThrow();
        long min = service.values().stream().mapToLong(Long::longValue).min().orElseThrow();
        assertThat(service).as("seed %d", SEED).hasSize(7);
        assertThat(max - min).as("seed %d", SEED).isLessThanOrEqualTo(500);
    }
}
