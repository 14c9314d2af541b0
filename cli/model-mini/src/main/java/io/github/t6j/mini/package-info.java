/** T6 model of 7.4 million parameters in this module's jar. */
package io.github.t6j.mini;
