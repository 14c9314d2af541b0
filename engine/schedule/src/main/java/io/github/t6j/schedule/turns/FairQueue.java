package io.github.t6j.schedule.turns;

import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * Queue that divides its service fairly among clients. Items of the highest priority come first. Of the clients that
 * have one, the next is the one that has received the least service, counted by the costs of its items; items of a
 * client and of equal priority come in order of arrival. A client that returns begins with the mean service of those
 * that waited, so it neither pays for a time without others nor makes up for its absence. An empty queue forgets all.
 * Not thread-safe.
 *
 * @param <T> type of the items
 */
public final class FairQueue<T> {
    private record Entry<T>(T item, int priority, long cost, long number) {}

    /** Waiting items of a client, the next first, and its service so far. */
    private static final class Client<T> {
        private final TreeSet<Entry<T>> entries = new TreeSet<>(
                Comparator.<Entry<T>>comparingInt(Entry::priority).reversed().thenComparingLong(Entry::number));
        private double service;
    }

    private final Map<String, Client<T>> clients = new HashMap<>();
    private double mean; // service of the waiting clients, since the queue was empty
    private long added;

    /** Adds an item. @param cost estimated service that it takes, in any unit */
    public void add(T item, String client, int priority, long cost) {
        Client<T> its = clients.computeIfAbsent(client, _ -> new Client<>());
        if (its.entries.isEmpty()) {
            its.service = Math.max(its.service, mean);
        }
        its.entries.add(new Entry<>(item, priority, cost, added++));
    }

    public boolean isEmpty() {
        return clients.values().stream().allMatch(client -> client.entries.isEmpty());
    }

    /** Returns all items, in no order. */
    public List<T> items() {
        return clients.values().stream().flatMap(client -> client.entries.stream()).map(Entry::item).toList();
    }

    /** Returns true if an item of {@code client} waits. */
    public boolean hasItemOf(String client) {
        return clients.containsKey(client) && !clients.get(client).entries.isEmpty();
    }

    private Optional<Client<T>> next() {
        return clients.values().stream()
                .filter(client -> !client.entries.isEmpty())
                .min(Comparator.<Client<T>>comparingInt(client -> client.entries.first().priority).reversed()
                        .thenComparingDouble(client -> client.service)
                        .thenComparingLong(client -> client.entries.first().number));
    }

    /** Returns the next item. @throws java.util.NoSuchElementException if the queue is empty */
    public T peek() {
        return next().orElseThrow().entries.first().item;
    }

    /** Removes and returns the next item. @throws java.util.NoSuchElementException if the queue is empty */
    public T remove() {
        Client<T> next = next().orElseThrow();
        long waiting = clients.values().stream().filter(client -> !client.entries.isEmpty()).count();
        Entry<T> first = next.entries.removeFirst();
        next.service += first.cost;
        mean += (double) first.cost / waiting;
        forget();
        return first.item;
    }

    /** Removes items that their clients gave up; these cost nothing. */
    public void removeAll(Collection<T> items) {
        clients.values().forEach(client -> client.entries.removeIf(entry -> items.contains(entry.item)));
        forget();
    }

    /** Forgets clients for whom it makes no difference any more. */
    private void forget() {
        boolean isEmpty = isEmpty();
        clients.values().removeIf(client -> client.entries.isEmpty() && (isEmpty || client.service <= mean));
        mean = isEmpty ? 0 : mean;
    }
}
