package io.github.t6j.cli.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Proxies of the environment. */
class ProxiesTest {
    private static final String HUB = "https://hub.example.com/api";

    private static String proxyOf(String uri, Map<String, String> environment) throws HubException {
        Proxy proxy = new Proxies(environment).select(URI.create(uri)).getFirst();
        return proxy.address() instanceof InetSocketAddress address
                ? address.getHostString() + ":" + address.getPort()
                : "";
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            HTTPS_PROXY=http://proxy:3128                                            | proxy:3128
            HTTPS_PROXY=proxy:3128                                                   | proxy:3128
            HTTPS_PROXY=http://proxy/                                                | proxy:80
            https_proxy=http://a:1 HTTPS_PROXY=http://b:2                            | a:1
            ALL_PROXY=http://proxy:1                                                 | proxy:1
            HTTPS_PROXY=http://a:1 ALL_PROXY=http://b:2                              | a:1
            HTTP_PROXY=http://a:1                                                    | ''
            HTTPS_PROXY=http://a:1 NO_PROXY=hub.example.com                          | ''
            HTTPS_PROXY=http://a:1 no_proxy=localhost,.example.com                   | ''
            HTTPS_PROXY=http://a:1 NO_PROXY=EXAMPLE.com                              | ''
            HTTPS_PROXY=http://a:1 NO_PROXY=*                                        | ''
            HTTPS_PROXY=http://a:1 NO_PROXY=ample.com,com.org                        | a:1
            HTTPS_PROXY=http://a:1 NO_PROXY=example.com:8443                         | a:1
            """)
    void theProxyOfAnHttpsHub(String variables, String expected) throws HubException {
        Map<String, String> environment = new HashMap<>();
        for (String variable : variables.split(" ")) {
            String[] parts = variable.split("=", 2);
            environment.put(parts[0], parts[1]);
        }
        assertThat(proxyOf(HUB, environment)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource({"127.0.0.1:8080, http://127.0.0.1:8080/x, ''", "127.0.0.1:8080, http://127.0.0.1:8081/x, a:1",
        "example.com:443, https://hub.example.com/x, ''", "example.com:443, http://hub.example.com/x, a:1",
        "example.com:80, http://hub.example.com/x, ''", "example.com:80, https://hub.example.com/x, a:1",
        "example.com:443, https://hub.example.com:8443/x, a:1", "::1, https://[::1]/x, ''",
        "::1, http://[::1]:8080/x, ''", "[::1], http://[::1]/x, ''", "[::1]:8080, http://[::1]:8080/x, ''",
        "[::1]:8080, http://[::1]/x, a:1", "::2, http://[::1]/x, a:1"})
    void anExceptionMayHaveAPort(String exception, String uri, String expected) throws HubException {
        Map<String, String> environment = Map.of("ALL_PROXY", "http://a:1", "NO_PROXY", exception);
        assertThat(proxyOf(uri, environment)).isEqualTo(expected);
    }

    @ParameterizedTest
    @ValueSource(strings = {"socks5://secret:word@proxy:1", "http://", "https://proxy:1", "http://secret:a b@x"})
    void otherAddressesAreRefusedWithoutTheirPassword(String address) {
        assertThatThrownBy(() -> new Proxies(Map.of("HTTPS_PROXY", address))).isInstanceOf(HubException.class)
                .hasMessageStartingWith("HTTPS_PROXY: expected the address of an HTTP proxy")
                .hasMessageNotContaining("secret");
    }
}
