// What customers like, from outside: planted tastes are found, asked for in conditions, and follow merges and corrections.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shop } from './models.mjs'

const DAY = 86_400_000
const CATEGORIES = ['tea', 'pots', 'books']

/** The most recent such weekday (0: Sunday) at that hour UTC, some weeks ago. */
function at(weekday, hour, weeks) {
    const day = new Date(Date.now() - DAY)
    while (day.getUTCDay() !== weekday) day.setUTCDate(day.getUTCDate() - 1)
    day.setUTCHours(hour, 15, 0, 0)
    return new Date(day.getTime() - weeks * 7 * DAY).toISOString()
}

const line = id => ({ product_id: id, price: 5, brand: id.startsWith('tea') ? 'Leaf & Co' : 'Plain' })
let told = 0
const order = (user, id, timestamp, ...products) => ({ type: 'track', userId: user, event: 'Order Completed', messageId: `a${told++}`, timestamp,
                                                       properties: { order_id: id, products: products.map(line) } })
const view = (user, timestamp, product) => ({ type: 'track', userId: user, event: 'Product Viewed', messageId: `a${told++}`, timestamp,
                                              properties: line(product) })

/** Ten products a category, from 1 to 10; 12 who drink dear tea on Mondays at 9, 12 who buy cheap pots on Fridays at 20, 6 who look. */
async function planted(t) {
    const s = await shop(t)
    for (const id of CATEGORIES) {
        assert.ok((await s.call('PUT', `/categories/${id}`, { name: { en: `All ${id}`, es: `Todo ${id}` } })).status < 300)
        for (let i = 1; i <= 10; i++)
            assert.ok((await s.call('PUT', `/products/${id}${i}`, { title: `${id} ${i}`, category: id, price: i })).status < 300)
    }
    const events = []
    for (let i = 0; i < 12; i++)
        for (let week = 0; week < 6; week++) {
            events.push(order(`tea${i}`, `t${i}-${week}`, at(1, 9, week), 'tea9', 'tea10', ...(week ? [] : ['books5'])))
            events.push(order(`pot${i}`, `p${i}-${week}`, at(5, 20, week), 'pots1', 'pots2'))
        }
    for (let i = 0; i < 6; i++) events.push(view(`eye${i}`, at(3, 12, 0), 'books3'))
    await s.send(events)
    const count = async condition => {
        const answer = await s.call('POST', '/audiences/count', { condition })
        assert.equal(answer.status, 200, JSON.stringify(answer.body))
        return answer.body.customers
    }
    const attribute = async (user, name) => (await s.call('GET', `/customers/${user}/affinities`)).body.attributes.find(a => a.name === name)
    return { ...s, count, attribute }
}

test('planted tastes are found and can be asked for', async t => {
    const { call, count, attribute } = await planted(t)
    assert.equal(await count('favourite category = "tea"'), 12)
    assert.equal(await count('favourite category = "tea" and price level > 3'), 12)
    assert.equal(await count('favourite category = "pots" and price level < 2'), 12)
    assert.equal(await count('favourite category share > 0.7'), 24)
    assert.equal(await count('favourite brand = "Leaf & Co"'), 12)
    assert.equal(await count('favourite weekday = "monday" and favourite hour = 9'), 12)
    assert.equal(await count('favourite weekday = "friday" and favourite hour = 20'), 12)
    assert.equal(await count('favourite channel != null'), 24)
    assert.equal(await count('favourite category = null and price level = null'), 6)

    const shopwide = (await call('GET', '/affinities')).body
    assert.deepEqual([shopwide.ready, shopwide.customers, shopwide.halfLifeDays], [true, 30, 90])
    assert.deepEqual(shopwide.attributes.map(a => [a.name, a.known]), [['category', 24], ['brand', 24], ['priceLevel', 24], ['hour', 24],
                                                                       ['weekday', 24], ['channel', 24]])
    for (const a of shopwide.attributes) {
        assert.ok(Math.abs(a.values.reduce((sum, v) => sum + v.share, 0) - 1) < 1e-9, a.name)
        for (const v of a.values) assert.equal(await count(v.condition), v.customers, v.condition)
    }
    const [category] = shopwide.attributes
    assert.deepEqual(category.values.map(v => [v.value, v.label.en, v.label.es, v.customers]).sort(),
                     [['books', 'All books', 'Todo books', 0], ['pots', 'All pots', 'Todo pots', 12], ['tea', 'All tea', 'Todo tea', 12]])
    assert.equal(category.values[2].value, 'books', 'the fewest customers last')

    const tea = await attribute('tea3', 'category')
    assert.deepEqual([tea.known, tea.bought, tea.looked, tea.values[0].value, tea.values[0].bought], [true, 13, 0, 'tea', 12])
    assert.ok(tea.values[0].share > .75 && tea.values[0].share < .95 && tea.values[0].shopShare < .6)
    assert.match(tea.why.en, /^12 of 13 products bought are of All tea since \w+( \d+)?\.$/)
    assert.match(tea.why.es, /^12 de 13 productos comprados son de Todo tea desde \w+( de \d+)?\.$/)
    const level = await attribute('tea3', 'priceLevel')
    assert.ok(level.known && level.mean > 4)
    assert.match((await attribute('tea3', 'weekday')).why.es, /^6 de 6 pedidos llegaron en lunes/)
    assert.match(level.why.es, /^De media, nivel 4,\d de 5; /)
    const looks = await attribute('eye1', 'category')
    assert.deepEqual([looks.known, looks.values[0].value, looks.looked], [false, 'books', 1])
    assert.match(looks.why.en, /^1 of 1 looks were at All books since .*Too little yet: it is worth 0\.1 recent purchases of the 3 it takes\.$/)
    assert.equal((await call('GET', '/customers/nobody-of-that-name/affinities')).status, 404)

    const terms = (await call('GET', '/audience-terms')).body.terms
    const term = terms.find(x => x.name === 'favourite category')
    assert.deepEqual([term.label.es, term.kind, term.customers], ['Categoría favorita', 'text', 24])
})

test('merges, unmerges, corrections and the catalogue are followed', async t => {
    const { call, send, count, attribute } = await planted(t)
    assert.equal(await count('favourite category = "tea"'), 12)
    const merge = await call('POST', '/merges', { winner: 'tea1', loser: 'pot1' })
    assert.equal(merge.status, 201, JSON.stringify(merge.body))
    assert.equal(await count('favourite category = "tea"'), 11, 'as many pots as tea is no favourite')
    assert.equal(await count('favourite category = "pots"'), 11)
    assert.match((await attribute('tea1', 'category')).why.en, /No clear favourite/)
    assert.equal((await call('DELETE', `/merges/${merge.body.id}`)).status, 200)
    assert.equal(await count('favourite category = "tea"'), 12)
    assert.equal(await count('favourite category = "pots"'), 12)

    await send([order('cat', 'c1', at(2, 8, 0), 'tea1', 'tea2', 'tea3', 'tea4')])
    assert.equal(await count('favourite category = "tea"'), 13)
    const fact = (await call('GET', '/facts?type=track&limit=1')).body.items[0]
    const patch = { properties: { products: ['pots1', 'pots2', 'pots3', 'pots4'].map(line) } }
    assert.ok((await call('POST', `/facts/${fact.seq}/corrections`, { body: patch })).status < 300)
    assert.equal(await count('favourite category = "tea"'), 12)
    assert.equal(await count('favourite category = "pots"'), 13)
    assert.ok((await call('DELETE', `/facts/${fact.seq}`)).status < 300)
    assert.equal(await count('favourite category = "pots"'), 12)

    for (const product of ['tea9', 'tea10']) {
        const as_is = (await call('GET', `/products/${product}`)).body
        assert.ok((await call('PUT', `/products/${product}`, { title: as_is.title, category: 'books', price: as_is.price })).status < 300)
    }
    assert.equal(await count('favourite category = "books"'), 12)
})
