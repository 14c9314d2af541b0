package io.github.t6j.speculation;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.t6j.PublicApi;
import java.io.IOException;
import java.lang.module.ModuleDescriptor.Requires;
import org.junit.jupiter.api.Test;

/** Tests that api.txt lists the module's public API, and that the module needs only the engine. */
class SpeculationApiTest {
    private final PublicApi api = new PublicApi("engine/speculation");

    @Test
    void theApiMatchesTheList() throws IOException, ClassNotFoundException {
        api.assertListed();
    }

    @Test
    void theModuleRequiresOnlyTheEngine() {
        assertThat(api.module().requires()).extracting(Requires::name)
                .containsExactlyInAnyOrder("java.base", "io.github.t6j.engine");
    }
}
