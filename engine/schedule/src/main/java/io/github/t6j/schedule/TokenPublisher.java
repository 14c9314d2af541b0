package io.github.t6j.schedule;

import io.github.t6j.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Flow.Publisher;
import java.util.concurrent.Flow.Subscriber;
import java.util.concurrent.Flow.Subscription;

/**
 * Publisher of the tokens of one generation, from the first, to any number of subscribers. It stores the tokens, so a
 * slow subscriber delays nothing. Signals come on virtual threads, one at a time for each subscriber.
 */
final class TokenPublisher implements Publisher<Token> {
    private final List<Token> tokens = new ArrayList<>(); // guarded by this, like the fields below
    private final List<Delivery> deliveries = new ArrayList<>();
    private boolean over;
    private Throwable failure;

    @Override
    public void subscribe(Subscriber<? super Token> subscriber) {
        Delivery delivery = new Delivery(subscriber);
        synchronized (this) {
            deliveries.add(delivery);
            delivery.start();
        }
    }

    synchronized void add(Token token) {
        tokens.add(token);
        deliveries.forEach(Delivery::start);
    }

    /** Ends the stream, with a failure if {@code cause} is not null. */
    synchronized void end(Throwable cause) {
        over = true;
        failure = cause;
        deliveries.forEach(Delivery::start);
    }

    /** Delivery to one subscriber; its fields are guarded by the publisher. */
    private final class Delivery implements Subscription, Runnable {
        private final Subscriber<? super Token> subscriber;
        private boolean subscribed;
        private boolean runs;
        private boolean done;
        private int next; // index of the next token
        private long requested;
        private boolean wrong; // it requested less than one token

        private Delivery(Subscriber<? super Token> subscriber) {
            this.subscriber = Objects.requireNonNull(subscriber, "subscriber");
        }

        @Override
        public void request(long n) {
            synchronized (TokenPublisher.this) {
                wrong |= n < 1;
                requested = n > Long.MAX_VALUE - requested ? Long.MAX_VALUE : requested + Math.max(0, n);
                start();
            }
        }

        @Override
        public void cancel() {
            synchronized (TokenPublisher.this) {
                finish();
            }
        }

        private void finish() {
            done = true;
            deliveries.remove(this);
        }

        private boolean hasSignal() {
            return !done && (!subscribed || wrong || next < tokens.size() && requested > 0
                    || next == tokens.size() && over);
        }

        private void start() {
            if (!runs && hasSignal()) {
                runs = true;
                Thread.startVirtualThread(this);
            }
        }

        /** Delivers all signals that are ready. */
        @Override
        public void run() {
            for (Runnable signal = signal(); signal != null; signal = signal()) {
                try {
                    signal.run();
                } catch (RuntimeException | Error broken) { // a subscriber must not throw; it receives no more
                    cancel();
                }
            }
        }

        /** Takes the next signal; null if none is ready, and this run ends. */
        private Runnable signal() {
            synchronized (TokenPublisher.this) {
                if (!hasSignal()) {
                    runs = false;
                    return null;
                }
                if (!subscribed) {
                    subscribed = true;
                    return () -> subscriber.onSubscribe(this);
                }
                if (wrong) {
                    finish();
                    return () -> subscriber.onError(
                            new IllegalArgumentException("request: expected 1 or more tokens, found fewer"));
                }
                if (next < tokens.size()) {
                    requested -= requested == Long.MAX_VALUE ? 0 : 1;
                    Token token = tokens.get(next++);
                    return () -> subscriber.onNext(token);
                }
                finish();
                Throwable cause = failure;
                return cause == null ? subscriber::onComplete : () -> subscriber.onError(cause);
            }
        }
    }
}
