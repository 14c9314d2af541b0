package io.github.t6j.cli.serve;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.github.t6j.EmbeddingOptions;
import io.github.t6j.cli.generate.WarmUp;
import io.github.t6j.json.Json;
import io.github.t6j.schedule.Scheduler;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLContext;

/** The server: routes requests to their handlers, and turns exceptions into error objects. */
public final class Server implements AutoCloseable {
    /** Maximum number of connections that wait to be accepted. */
    private static final int BACKLOG = 256;

    /** Shortest time for the last answers to be written. */
    private static final Duration LAST_WRITES = Duration.ofSeconds(2);

    /** Longest time for which a client may stop reading. */
    private static final Duration LONGEST_WRITE = Duration.ofMinutes(1);

    /** Maximum number of requests of one address at once: half of the connections that the launcher allows. */
    private static final int MOST_OF_ONE_CLIENT = 500;

    /** Path prefix before the name of a model. */
    private static final String MODELS = "/v1/models/";

    private static final Set<String> OPEN = Set.of("/", "/health");

    /**
     * Options of the connection.
     *
     * @param host name or address to listen on
     * @param port port, or 0 for any free one
     * @param key key that requests must have, or null
     * @param allowedOrigin origin whose pages may send requests, or null
     * @param tls settings for https, or null for http
     * @param proxies addresses of proxies whose header X-Forwarded-For is believed
     * @param log log
     * @param mostOfOneClient maximum number of requests of one address at once
     */
    record Options(String host, int port, String key, String allowedOrigin, SSLContext tls, Set<InetAddress> proxies,
            ServerLog log, int mostOfOneClient) {
        Options(String host, int port, String key, String allowedOrigin, SSLContext tls, Set<InetAddress> proxies,
                ServerLog log) {
            this(host, port, key, allowedOrigin, tls, proxies, log, MOST_OF_ONE_CLIENT);
        }

        Options(String host, int port, String key, String allowedOrigin, SSLContext tls) {
            this(host, port, key, allowedOrigin, tls, Set.of(), ServerLog.errors());
        }
    }

    private final HttpServer http;
    private final Access access;
    private final Clients clients;
    private final ServerLog log;
    private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();
    private final Metrics metrics = new Metrics();
    private final Semaphore longBodies = new Semaphore(Exchange.MAX_PIECES);
    private final Preparation preparation = new Preparation("long bodies");
    private final WriteTimeout writeTimeout;
    private final WebPage page = new WebPage();
    private volatile WarmUp warmUp; // null if there is none
    private volatile ServedModel served; // null while the model loads
    private volatile int loaded; // percent of the model
    private final long begun = System.nanoTime();
    private volatile Health health;
    private volatile Embeddings embeddings;
    private volatile Reranking reranking;
    private final AtomicInteger left = new AtomicInteger(); // requests for generations or embeddings
    private volatile boolean draining;

    /**
     * Starts to listen; the server answers requests with 503 until {@link #serve}.
     *
     * @throws IOException if the server cannot listen on that address
     */
    Server(Options options) throws IOException {
        this(options, LONGEST_WRITE);
    }

    Server(Options options, Duration longestWrite) throws IOException {
        InetSocketAddress address = new InetSocketAddress(options.host, options.port);
        if (address.isUnresolved()) {
            throw new IOException("no such host");
        }
        http = options.tls == null ? HttpServer.create(address, BACKLOG) : tls(address, options.tls);
        writeTimeout = new WriteTimeout(longestWrite);
        access = new Access(options.key, options.allowedOrigin, address.getAddress());
        clients = new Clients(options.proxies, options.mostOfOneClient);
        log = options.log;
        http.setExecutor(requests);
        http.createContext("/", this::handle);
        http.start();
    }

    private static HttpServer tls(InetSocketAddress address, SSLContext tls) throws IOException {
        HttpsServer https = HttpsServer.create(address, BACKLOG);
        https.setHttpsConfigurator(new HttpsConfigurator(tls));
        return https;
    }

    /** Returns the address that the server listens on. */
    public InetSocketAddress address() {
        return http.getAddress();
    }

    /** Reports how many bytes of the model are loaded, for answers to requests before {@link #serve}. */
    public void loading(long done, long total) {
        loaded = (int) (100.0 * done / total);
    }

    /**
     * Makes /health answer 503 until {@code newWarmUp} has ended. The first request for a generation or an embedding
     * ends it, since both would share the processor.
     */
    void warm(WarmUp newWarmUp) {
        warmUp = newWarmUp;
    }

    /** Answers with {@code ready} from now on. */
    void serve(ServedModel ready) {
        serve(ready, EmbeddingOptions.defaults());
    }

    /** Answers with {@code ready} from now on. @param options options of embeddings */
    void serve(ServedModel ready, EmbeddingOptions options) {
        health = new Health(ready);
        embeddings = new Embeddings(ready, options);
        reranking = new Reranking(ready);
        served = ready;
    }

    private void handle(HttpExchange httpExchange) {
        Exchange exchange = new Exchange(httpExchange, metrics, longBodies, preparation, writeTimeout, log);
        InetAddress client = clients.of(exchange);
        exchange.client(client);
        try {
            answer(exchange, client);
        } catch (IOException disconnected) {
            // The client disconnected.
        } finally {
            clients.leave(client);
            exchange.close();
        }
    }

    private void answer(Exchange exchange, InetAddress client) throws IOException {
        try {
            clients.enter(client);
            access.check(exchange);
            access.addHeaders(exchange);
            if (exchange.method().equals("OPTIONS")) {
                exchange.empty(204);
                return;
            }
            if (!OPEN.contains(exchange.path())) {
                access.checkKey(exchange);
            }
            route(exchange);
        } catch (ApiException e) {
            fail(exchange, e);
        } catch (IllegalArgumentException e) { // from the engine, about the request
            fail(exchange, ApiException.invalid(null, e.getMessage()));
        } catch (RuntimeException e) {
            fail(exchange, ApiException.failed(e));
        }
    }

    private void fail(Exchange exchange, ApiException e) throws IOException {
        exchange.failed(e);
        if (!exchange.hasBegun()) {
            exchange.skipRest();
            if (e.isPassing()) {
                exchange.answerHeader("Retry-After", Integer.toString(retryAfter()));
            }
            exchange.json(e.status(), e.json(exchange.requestId()));
            if (e.status() == 413) {
                exchange.linger();
            }
        }
    }

    /** Estimates the seconds until the model is loaded, or until the generations that wait now have begun. */
    private int retryAfter() {
        ServedModel now = served;
        return now == null
                ? Pace.seconds(secondsToLoad() * 1e9)
                : metrics.pace.seconds(now.scheduler().metrics().waiting());
    }

    private double secondsToLoad() {
        double elapsed = (System.nanoTime() - begun) * 1e-9;
        return loaded == 0 ? 1 : elapsed * (100 - loaded) / loaded;
    }

    private void route(Exchange exchange) throws IOException {
        switch (exchange.path()) {
            case "/" -> page.answer(get(exchange));
            case "/metrics" ->
                get(exchange).text(200, "text/plain; version=0.0.4; charset=utf-8", metrics.text(served));
            case "/health" -> {
                checkDraining();
                ready();
                checkWarm();
                health.answer(get(exchange));
            }
            case "/props" -> get(exchange).json(200, Properties.props(ready()));
            case "/slots" -> slots(get(exchange));
            case "/v1/models" ->
                get(exchange).json(200, Map.of("object", "list", "data", ready().listed()));
            case "/v1/completions", "/v1/chat/completions", "/v1/embeddings", "/rerank", "/reranking", "/v1/rerank",
                    "/v1/reranking", "/v2/rerank" ->
                work(post(exchange), ready());
            case "/tokenize" -> Tokens.tokenize(post(exchange), ready());
            case "/detokenize" -> Tokens.detokenize(post(exchange), ready());
            default -> other(exchange);
        }
    }

    /** Answers a request that a stopping server finishes. */
    private void work(Exchange exchange, ServedModel now) throws IOException {
        checkDraining();
        left.incrementAndGet();
        try {
            if (warmUp != null) {
                warmUp.stop();
            }
            switch (exchange.path()) {
                case "/v1/completions" -> Completions.answer(exchange, now);
                case "/v1/chat/completions" -> ChatCompletions.answer(exchange, now);
                case "/v1/embeddings" -> embeddings.answer(exchange);
                default -> reranking.answer(exchange);
            }
        } finally {
            left.decrementAndGet();
        }
    }

    private void slots(Exchange exchange) throws IOException {
        if (exchange.hasQuery("fail_on_no_slot") && !Properties.hasFreeSlot(ready())) {
            throw ApiException.unavailable("no slot is available");
        }
        exchange.text(200, Exchange.JSON, Json.writeLine(Properties.slots(ready())));
    }

    private void other(Exchange exchange) throws IOException {
        if (!exchange.path().startsWith(MODELS)) {
            throw OtherApis.notFound(exchange.path());
        }
        ServedModel now = ready();
        String name = exchange.path().substring(MODELS.length());
        now.check(name);
        get(exchange).json(200, now.described(name));
    }

    private static Exchange get(Exchange exchange) {
        return exchange.isHead() ? exchange : checked(exchange, "GET");
    }

    private static Exchange post(Exchange exchange) {
        return checked(exchange, "POST");
    }

    private static Exchange checked(Exchange exchange, String method) {
        if (!exchange.method().equals(method)) {
            exchange.answerHeader("Allow", method);
            throw ApiException.notAllowed(exchange.method(), exchange.path(), method);
        }
        return exchange;
    }

    private ServedModel ready() {
        ServedModel now = served;
        if (now == null) {
            throw ApiException.unavailable("the model is being loaded, " + loaded + " % so far");
        }
        return now;
    }

    private void checkWarm() {
        if (warmUp != null && warmUp.isRunning()) {
            throw ApiException.warming();
        }
    }

    private void checkDraining() {
        if (draining) {
            throw ApiException.draining(left());
        }
    }

    /** Returns the number of requests for generations or embeddings that are not finished. */
    public int left() {
        return left.get();
    }

    /**
     * Refuses new requests, waits up to {@code patience} for the running ones, stops the others, and stops listening.
     *
     * @return true if all generations and embeddings ended by themselves; clients may not have read all of them
     */
    public boolean drain(Duration patience) {
        draining = true;
        long end = System.nanoTime() + patience.toNanos();
        ServedModel now = served;
        boolean ended = true;
        if (now != null) {
            Scheduler scheduler = now.scheduler();
            try {
                ended = scheduler.drain(patience);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                ended = false;
            }
            scheduler.close();
        }
        awaitLastWrites(Math.max(LAST_WRITES.toNanos(), end - System.nanoTime()));
        http.stop(0);
        requests.close();
        writeTimeout.close();
        return ended;
    }

    /** Waits for the last answers; the JDK would wait, too, but not for answers to aborted requests. */
    private void awaitLastWrites(long nanos) {
        requests.shutdown();
        try {
            requests.awaitTermination(nanos, TimeUnit.NANOSECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public void close() {
        drain(Duration.ZERO);
    }
}
