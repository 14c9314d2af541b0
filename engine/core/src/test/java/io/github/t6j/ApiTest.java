package io.github.t6j;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.module.ModuleDescriptor.Requires;
import org.junit.jupiter.api.Test;

/** Tests that api.txt lists the engine's public API, and that its module needs only the JDK. */
class ApiTest {
    private final PublicApi api = new PublicApi("engine/core");

    @Test
    void theApiMatchesTheList() throws IOException, ClassNotFoundException {
        api.assertListed();
    }

    @Test
    void theModuleRequiresOnlyTheJdk() {
        assertThat(api.module().requires()).filteredOn(one -> !one.modifiers().contains(Requires.Modifier.STATIC))
                .extracting(Requires::name)
                .containsExactlyInAnyOrder("java.base", "jdk.incubator.vector", "jdk.management");
        assertThat(api.module().requires()).filteredOn(one -> one.modifiers().contains(Requires.Modifier.STATIC))
                .extracting(Requires::name).containsExactly("jdk.jfr");
    }
}
