// The share of customer, from outside: a shop whose customers also buy where it cannot see.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lines, ok, run, until } from './lib.mjs'
import { chance, ended, fill } from './insight.mjs'
import { shop } from './models.mjs'

const DAY = 86_400_000, CUSTOMERS = 700, S = 1.5, OURS = .35

/** How often they buy in a category: negative binomial, by inversion. */
function purchases(any, mean, k) {
    let n = 0, p = (1 + mean / k) ** -k, below = p
    for (const u = any(); u > below && n < 1000; n++) {
        p *= mean / (mean + k) * (k + n) / (n + 1)
        below += p
    }
    return n
}
const normal = any => Math.sqrt(-2 * Math.log(1 - any())) * Math.cos(2 * Math.PI * any())

/** Dirichlet shoppers with chances of their own to come to us (Polya's urn): our orders, and what nobody tells the shop. */
export function shoppers(seed = 5) {
    const any = chance(seed), events = [], truth = new Map()
    for (let i = 0; i < CUSTOMERS; i++) {
        const who = `u${i}`, basket = 20 * Math.exp(.7 * normal(any))
        const of = { drinks: { own: 0, wallet: 0 }, china: { own: 0, wallet: 0 } }
        for (const [category, mean, product] of [['drinks', 12, 'tea'], ['china', 3, 'cup']]) {
            const all = purchases(any, mean, 4)
            for (let n = 0, own = 0; n < all; n++) {
                of[category].wallet += basket
                if (any() * (S + n) >= S * OURS + own) continue
                own++
                of[category].own += basket
                events.push({ type: 'track', userId: who, event: 'Order Completed', messageId: `${who}-${category}-${n}`,
                              timestamp: new Date(Date.now() - (1 + 350 * any()) * DAY).toISOString(),
                              properties: { order_id: `${who}-${category}-${n}`, revenue: Math.round(100 * basket) / 100,
                                            products: [{ product_id: product, quantity: 1 }] } })
            }
        }
        events.push({ type: 'track', userId: who, event: 'Order Completed', messageId: `${who}-first`,
                      timestamp: new Date(Date.now() - 400 * DAY).toISOString(), properties: { order_id: `${who}-first`, revenue: 5 } })
        truth.set(who, { ...of, '': { own: of.drinks.own + of.china.own, wallet: of.drinks.wallet + of.china.wallet } })
    }
    return { events, truth }
}

function ranks(of) {
    const sorted = [...of].sort((a, b) => a - b)
    return of.map(v => (sorted.indexOf(v) + sorted.lastIndexOf(v)) / 2)
}

export function rankCorrelation(a, b) {
    const x = ranks(a), y = ranks(b), middle = (a.length - 1) / 2
    const sum = f => x.reduce((all, _, i) => all + f(x[i] - middle, y[i] - middle), 0)
    return sum((p, q) => p * q) / Math.sqrt(sum(p => p * p) * sum((_, q) => q * q))
}

test('shares are near the hidden ones, say why they are not known, and are asked for in conditions', async t => {
    const s = await shop(t)
    assert.deepEqual((await s.call('GET', '/share')).body, { id: null, ready: false, report: null })
    const nothing = await ended(s, await s.call('POST', '/share/fits'))
    assert.equal(nothing.state, 'failed')
    assert.match(nothing.error, /nobody has bought anything/)

    for (const [id, category] of [['tea', 'drinks'], ['cup', 'china']]) {
        assert.ok((await s.call('PUT', `/categories/${category}`, { id: category, name: { en: category, es: category } })).status < 300)
        assert.ok((await s.call('PUT', `/products/${id}`, { id, title: id, category, price: 10 })).status < 300)
    }
    const { events, truth } = shoppers()
    await fill(s, events)
    await s.send([{ type: 'identify', userId: 'idle', messageId: 'idle', traits: { plan: 'free' } }])
    const job = await ended(s, await s.call('POST', '/share/fits'))
    assert.deepEqual([job.kind, job.state, job.error], ['share', 'done', null])

    const { id, ready, report } = (await s.call('GET', '/share')).body
    assert.ok(id > 0 && ready)
    assert.deepEqual(report.categories.map(c => c.category), [null, 'drinks', 'china'])
    for (const c of report.categories) {
        const true_ = [...truth.values()].map(of => of[c.category ?? '']).filter(of => of.own > 0)
        const own = true_.reduce((sum, of) => sum + of.own, 0)
        assert.ok(Math.abs(c.own - own) < .01 * own, `${c.category}: ${c.own} of ${own}`)
        assert.equal(c.customers, c.known + c.unknown.reduce((sum, u) => sum + u.customers, 0))
        assert.equal(c.customers, true_.length)
        assert.ok(c.known > 0 && c.shareLow < c.share && c.share < c.shareHigh && c.reachLow < c.reach && c.reach < c.reachHigh)
        assert.match(c.norm.whyNot, /have said what they spend/)
    }

    // Of every customer within reach, page by page.
    for (const category of ['everything', 'drinks']) {
        const rows = []
        for (let next = '0'; next; ) {
            const page = (await s.call('GET', `/share/${category}/customers?limit=200&after=${next}`)).body
            rows.push(...page.items)
            next = page.next
        }
        const of = report.categories.find(c => (c.category ?? 'everything') === category)
        assert.equal(rows.length, of.known)
        assert.deepEqual(rows.map(r => r.reach), rows.map(r => r.reach).sort((a, b) => b - a))
        const hidden = rows.map(r => truth.get(r.customer.userId)[category === 'everything' ? '' : category])
        const correlation = rankCorrelation(rows.map(r => r.share), hidden.map(h => h.own / h.wallet))
        const within = hidden.filter((h, i) => h.wallet >= rows[i].walletLow && h.wallet <= rows[i].walletHigh).length / rows.length
        t.diagnostic(`${category}: ${rows.length} of ${of.customers} known, rank correlation ${correlation.toFixed(3)}, ${within.toFixed(3)} within`)
        assert.ok(correlation >= .6, `${category}: ${correlation}`)
        assert.ok(rows.length > of.customers / 3 && rows.length < of.customers)
        assert.ok(within > .65)
    }
    assert.equal((await s.call('GET', '/share/moon/customers')).status, 404)

    // One who says what they spend: less is left open.
    const one = async who => Object.fromEntries((await s.call('GET', `/customers/${who}/share`)).body.categories.map(c => [c.category ?? '', c]))
    const off = row => Math.abs(Math.log(truth.get(row.customer.userId).drinks.wallet / row.wallet))
    const who = (await s.call('GET', '/share/drinks/customers?limit=200')).body.items.reduce((a, b) => off(a) > off(b) ? a : b).customer.userId
    const before = (await one(who)).drinks, said = truth.get(who).drinks.wallet
    assert.equal(before.declared, null)
    assert.match(before.why.en, /customers alike/)
    await s.send([{ type: 'identify', userId: who, messageId: 'says', traits: { 'wallet(drinks)': Math.round(said) } }])
    assert.equal((await ended(s, await s.call('POST', '/share/fits'))).state, 'done')
    const after = (await one(who)).drinks
    assert.equal(after.declared, Math.round(said))
    assert.ok(after.walletHigh / after.walletLow < before.walletHigh / before.walletLow)
    assert.ok(Math.abs(Math.log(after.wallet / said)) < Math.abs(Math.log(before.wallet / said)))
    assert.match(after.why.en, /said they spend/)

    const idle = await one('idle')
    assert.deepEqual([idle[''].known, idle[''].share, idle[''].wallet], ['not buying', null, null])
    assert.match(idle[''].why.es, /no ha comprado nada/)
    assert.equal((await s.call('GET', '/customers/nobody-of-that-name/share')).status, 404)

    const count = async condition => (await s.call('POST', '/audiences/count', { condition })).body.customers
    const known = (await s.call('GET', '/share')).body.report.categories[0].known
    assert.equal(await count('share of customer >= 0'), known)
    assert.equal(await count('spend within reach = null'), CUSTOMERS + 1 - known)
    const everything = (await one(who))['']
    assert.ok(everything.known !== 'known' || await count(`spend within reach >= ${everything.reach - .01}`) >= 1)

    // The command line.
    assert.deepEqual(lines(await ok(['share'], { dir: s.dir })).map(c => c.category), [null, 'drinks', 'china'])
    assert.equal(lines(await ok(['share', 'fit'], { dir: s.dir })).length, 3)
    assert.equal(lines(await ok(['share', 'list', 'drinks', '--limit', '7'], { dir: s.dir })).length, 7)
    assert.equal(lines(await ok(['share', 'customer', who], { dir: s.dir })).length, 3)
    assert.equal((await run(['share', 'guess'], { dir: s.dir })).code, 1)

    // Columns stay over a restart; what is known of each comes back by itself.
    await s.server.stop()
    await s.server.start()
    assert.equal(await count('share of customer >= 0'), known)
    await until('shares are worked out again', async () => (await s.call('GET', '/share')).body.ready)
    assert.equal((await one(who)).drinks.declared, Math.round(said))
})
